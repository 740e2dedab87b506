import { hasStatus } from "../kube/errors.ts";
import { type KubeObject, nameOf } from "../kube/object.ts";
import { parallel } from "../remote/parallel.ts";
import { partOfLabel, setId } from "./apply-set.ts";
import { digestAnnotation } from "./digest.ts";
import { isGoneInTime, sameObject } from "./gone.ts";
import { isKept } from "./judge.ts";
import { keyOf } from "./object-id.ts";
import { deletionOrder } from "./order.ts";
import type { Home } from "./parent.ts";
import { withPatience } from "./patience.ts";
import { type Action, type Session, signalOf } from "./session.ts";

export interface PruneOptions extends Home {
  /** How long to wait for each group of objects to be gone, in milliseconds. */
  readonly patienceMs: number;
}

export interface Pruned {
  readonly objects: readonly { readonly object: string; readonly action: Action }[];
  /** What did not go within the patience, because of finalizers. */
  readonly terminating: readonly KubeObject[];
}

/**
 * Deletes members of a set, those first that depend on others, and waits until they are gone. A member that asks to be
 * kept leaves the set and stays. Each is deleted only if it is what was read, and still a member.
 *
 * @throws KubeError if the server refuses
 */
export async function prune(
  session: Session,
  members: readonly KubeObject[],
  options: PruneOptions,
): Promise<Pruned> {
  const objects: { object: string; action: Action }[] = [];
  const terminating: KubeObject[] = [];
  for (const group of deletionOrder(members)) {
    const results = await parallel(
      group,
      {
        what: `delete from "${session.cluster}"`,
        where: keyOf,
        limit: session.limit,
        ...signalOf(session),
      },
      async (member) => ({ member, action: await pruneOne(session, member, options) }),
    );
    for (const { member, action } of results) {
      objects.push({ object: keyOf(member), action });
      if (action === "terminating") terminating.push(member);
      session.emit({ type: "object", object: keyOf(member), action, changes: [] });
    }
  }
  return { objects, terminating };
}

async function pruneOne(session: Session, member: KubeObject, options: PruneOptions): Promise<Action> {
  if (isKept(member)) {
    await detach(session, member, options);
    return "kept";
  }
  let target: KubeObject | undefined = member;
  const isDeleted = await withPatience({
    what: `delete ${nameOf(member)} on "${session.cluster}"`,
    signal: session.signal,
    send: async () => {
      if (target === undefined) return true;
      if (target.metadata.labels?.[partOfLabel] !== setId(options.inventory)) return false;
      try {
        await deleteOne(session, target);
      } catch (error) {
        // It has changed since it was read: what it is now decides.
        if (hasStatus(error, 409)) target = await sameObject(session, member);
        throw error;
      }
      return true;
    },
  });
  // Somebody has taken it out of the set meanwhile.
  if (!isDeleted) return "kept";
  return (await isGoneInTime(session, member, options.patienceMs)) ? "pruned" : "terminating";
}

async function deleteOne(session: Session, { apiVersion, kind, metadata }: KubeObject): Promise<void> {
  const { uid, resourceVersion } = metadata;
  try {
    await session.client.request({
      method: "DELETE",
      path: await session.paths.of({ apiVersion, kind, metadata }, session.signal),
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: "Background",
        preconditions: { uid, resourceVersion },
      },
      ...signalOf(session),
    });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

/** Takes the marks of a set off an object that stays. */
async function detach(session: Session, member: KubeObject, { manager }: Home): Promise<void> {
  await session.client.request({
    method: "PATCH",
    path: await session.paths.of(member, session.signal),
    query: { fieldManager: manager },
    contentType: "application/merge-patch+json",
    body: {
      metadata: {
        uid: member.metadata.uid,
        labels: { [partOfLabel]: null },
        annotations: { [digestAnnotation]: null },
      },
    },
    ...signalOf(session),
  });
}
