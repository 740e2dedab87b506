import { KeelsonError, ProblemsError } from "../errors.ts";
import { hasStatus } from "../kube/errors.ts";
import { type KubeObject, nameOf } from "../kube/object.ts";
import { type Inventory, parentPath } from "./apply-set.ts";
import type { Applied } from "./apply.ts";
import { defaultManager } from "./decide.ts";
import { removalProblems } from "./judge.ts";
import { lookAtSet } from "./look.ts";
import { withPatience } from "./patience.ts";
import { prune } from "./prune.ts";
import { type DeliveryOptions, openSession, type Session, signalOf, type TargetCluster } from "./session.ts";

export interface RemoveOptions extends DeliveryOptions {
  readonly inventory: Inventory;
  /** @default "keelson/<namespace>/<name>" of the inventory */
  readonly fieldManager?: string;
  /** Whether Namespaces, definitions and volumes may be deleted. @default false */
  readonly allowRemoval?: boolean;
  /** How long to wait for each group of objects to be gone, in milliseconds. @default 60000 */
  readonly patienceMs?: number;
}

/**
 * Takes an app off a cluster: deletes all members of its set, those first that depend on others, then its inventory.
 * Nothing is left to do where there is no inventory.
 *
 * @throws ProblemsError if something would be deleted that holds more than the app; KeelsonError KEELSON_TIMEOUT if
 * finalizers keep objects, what they are is in the message; KEELSON_API_UNAVAILABLE, KEELSON_ABORTED
 */
export async function remove(cluster: TargetCluster, options: RemoveOptions): Promise<readonly Applied[]> {
  const { inventory, patienceMs = 60_000 } = options;
  const manager = options.fieldManager ?? defaultManager(inventory);
  const session = openSession(cluster, [], options);
  const { parent, members } = await lookAtSet(session, inventory);
  if (parent === undefined) return [];
  const all = [...members.values()];
  const problems = options.allowRemoval === true ? [] : removalProblems(all);
  if (problems.length > 0) throw new ProblemsError(`remove from "${cluster.name}"`, problems);
  session.emit({ type: "begins" });
  const { objects, terminating } = await prune(session, all, { inventory, manager, patienceMs });
  if (terminating.length > 0) {
    throw new KeelsonError(
      "KEELSON_TIMEOUT",
      `Cannot remove "${inventory.namespace}/${inventory.name}" from "${cluster.name}": still there are ${terminating.map(nameOf).join(", ")}`,
      { fix: "Find out who should remove their finalizers, then run the same command again" },
    );
  }
  await withPatience({
    what: `remove the inventory "${inventory.namespace}/${inventory.name}" from "${cluster.name}"`,
    signal: session.signal,
    send: () => removeParent(session, inventory, parent),
  });
  return objects;
}

async function removeParent(session: Session, inventory: Inventory, { metadata }: KubeObject): Promise<void> {
  try {
    await session.client.request({
      method: "DELETE",
      path: parentPath(inventory),
      body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: metadata.uid } },
      ...signalOf(session),
    });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}
