import { KeelsonError } from "../errors.ts";
import { hasStatus } from "../kube/errors.ts";
import type { KubeObject } from "../kube/object.ts";
import {
  type Inventory,
  isSameRecord,
  parentObject,
  parentPath,
  readParent,
  type SetRecord,
} from "./apply-set.ts";
import { type Session, signalOf } from "./session.ts";

/** Whose set is worked on. */
export interface Home {
  readonly inventory: Inventory;
  /** The field manager. */
  readonly manager: string;
}

/**
 * Writes the parent of a set, unless it says so already, and returns it. It must not have changed since it was read.
 *
 * @throws KeelsonError KEELSON_LOCKED if another run has changed it, KEELSON_INVALID_INPUT if its namespace is missing
 */
export async function writeParent(
  session: Session,
  { inventory, manager }: Home,
  { record, before }: { readonly record: SetRecord; readonly before: KubeObject | undefined },
): Promise<KubeObject> {
  if (before !== undefined && isSameRecord(readParent(inventory, before), record)) return before;
  try {
    return await session.client.request<KubeObject>({
      method: "PATCH",
      path: parentPath(inventory),
      query: { fieldManager: manager, force: "true" },
      contentType: "application/apply-patch+yaml",
      body: parentObject(inventory, record, before?.metadata.resourceVersion),
      ...signalOf(session),
    });
  } catch (error) {
    if (hasStatus(error, 409)) throw locked(session, inventory, error);
    if (hasStatus(error, 404)) throw homeless(session, inventory);
    throw error;
  }
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
