import { KeelsonError } from "../errors.ts";
import { hasStatus } from "../kube/errors.ts";
import { isEtcdFailure } from "../kube/etcd-failure.ts";
import type { KubeObject } from "../kube/object.ts";
import {
  type Inventory,
  isSameRecord,
  parentObject,
  parentPath,
  readParent,
  type SetRecord,
} from "./apply-set.ts";
import { readParentOf } from "./look.ts";
import { withPatience } from "./patience.ts";
import { type Session, signalOf } from "./session.ts";

/** Whose set is worked on. */
export interface Home {
  readonly inventory: Inventory;
  /** The field manager. */
  readonly manager: string;
}

interface Writing {
  readonly record: SetRecord;
  /** The parent as it was read. */
  readonly before: KubeObject | undefined;
}

/**
 * Writes the parent of a set, unless it says so already, and returns it. It must not have changed since it was read.
 *
 * @throws KeelsonError KEELSON_LOCKED if another run has changed it, KEELSON_INVALID_INPUT if its namespace is missing
 */
export async function writeParent(session: Session, home: Home, writing: Writing): Promise<KubeObject> {
  const { inventory } = home;
  const { before } = writing;
  if (saysSo(inventory, before, writing)) return before;
  let isInDoubt = false;
  return withPatience({
    what: `write the inventory "${inventory.namespace}/${inventory.name}" on "${session.cluster}"`,
    signal: session.signal,
    send: async () => {
      try {
        return await sendParent(session, home, writing);
      } catch (error) {
        if (hasStatus(error, 404)) throw homeless(session, inventory);
        isInDoubt ||= isEtcdFailure(error);
        if (!hasStatus(error, 409)) throw error;
        // Who has changed it may be this very run, by a try that was answered as failed.
        const now = isInDoubt ? await readParentOf(session, inventory) : undefined;
        if (saysSo(inventory, now, writing)) return now;
        throw locked(session, inventory, error);
      }
    },
  });
}

function saysSo(
  inventory: Inventory,
  parent: KubeObject | undefined,
  { record }: Writing,
): parent is KubeObject {
  return parent !== undefined && isSameRecord(readParent(inventory, parent), record);
}

function sendParent(
  session: Session,
  { inventory, manager }: Home,
  { record, before }: Writing,
): Promise<KubeObject> {
  return session.client.request<KubeObject>({
    method: "PATCH",
    path: parentPath(inventory),
    query: { fieldManager: manager, force: "true" },
    contentType: "application/apply-patch+yaml",
    body: parentObject(inventory, record, before?.metadata.resourceVersion),
    ...signalOf(session),
  });
}

function locked({ cluster }: Session, { namespace, name }: Inventory, cause: unknown): KeelsonError {
  return new KeelsonError(
    "KEELSON_LOCKED",
    `Cannot work on the set "${namespace}/${name}" on "${cluster}": another run has changed its inventory`,
    { fix: "Wait for the other run to end, then run the same command again", cause },
  );
}

function homeless({ cluster }: Session, { namespace, name }: Inventory): KeelsonError {
  return new KeelsonError(
    "KEELSON_INVALID_INPUT",
    `Cannot keep the inventory "${namespace}/${name}" on "${cluster}": there is no namespace "${namespace}"`,
    { fix: "Put the Namespace into the set, or create it first" },
  );
}
