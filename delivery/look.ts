import type { KubeObject } from "../kube/object.ts";
import { objectPath } from "../kube/resource-paths.ts";
import { parallel } from "../remote/parallel.ts";
import { type Inventory, parentPath, readParent, type SetRecord } from "./apply-set.ts";
import { valueAt } from "./fields.ts";
import { type IgnoredField, scaledFields } from "./ignored-fields.ts";
import { listMembers } from "./members.ts";
import { keyOf } from "./object-id.ts";
import { type Session, signalOf } from "./session.ts";
import type { WantedObject } from "./wanted.ts";

/** What a cluster that takes connections may need for its first answer, in milliseconds, before it is known to be sick. */
const firstAnswerMs = 5000;

/** What is in the cluster of a set, and of what is wanted. */
export interface Seen {
  readonly parent: KubeObject | undefined;
  readonly record: SetRecord;
  /** The members of the set, by their identity. */
  readonly members: ReadonlyMap<string, KubeObject>;
  /** Living objects that are wanted and are no members. */
  readonly others: ReadonlyMap<string, KubeObject>;
  /** The fields that autoscalers in the cluster decide on. */
  readonly scaled: readonly IgnoredField[];
}

/** Reads the parent of a set; undefined if there is none. */
export async function readParentOf(session: Session, inventory: Inventory): Promise<KubeObject | undefined> {
  return session.client.find<KubeObject>(parentPath(inventory), {
    timeoutMs: firstAnswerMs,
    ...signalOf(session),
  });
}

/** Reads the parent of a set and its members; all of them, or it throws. */
export async function lookAtSet(
  session: Session,
  inventory: Inventory,
): Promise<Pick<Seen, "parent" | "record" | "members">> {
  const parent = await readParentOf(session, inventory);
  const record = readParent(inventory, parent);
  return { parent, record, members: await listMembers(session, inventory, record) };
}

interface Looked {
  readonly inventory: Inventory;
  readonly parent: KubeObject | undefined;
  readonly wanted: readonly WantedObject[];
}

/** Reads all that decides on what is to be done for these objects. Changes nothing. */
export async function look(session: Session, { inventory, parent, wanted }: Looked): Promise<Seen> {
  const record = readParent(inventory, parent);
  const members = await listMembers(session, inventory, record);
  const unknown = wanted.filter(({ key }) => !members.has(key));
  const [others, scalers] = await Promise.all([readOthers(session, unknown), readScalers(session, wanted)]);
  // An autoscaler of the set that this release takes away decides on nothing any more; the wanted ones are there anyway.
  const foreign = scalers.filter((scaler) => !members.has(keyOf(scaler)));
  const scaled = scaledFields([...foreign, ...wanted.map(({ object }) => object)]);
  return { parent, record, members, others, scaled };
}

/** Reads one living object; undefined if it or its kind is not there. */
export async function findLive(session: Session, object: KubeObject): Promise<KubeObject | undefined> {
  const resource = await session.paths.find(object.apiVersion, object.kind, session.signal);
  if (resource === undefined) return undefined;
  return session.client.find<KubeObject>(objectPath(resource, object.metadata), signalOf(session));
}

async function readOthers(
  session: Session,
  wanted: readonly WantedObject[],
): Promise<ReadonlyMap<string, KubeObject>> {
  const found = await parallel(
    wanted,
    {
      what: `read from "${session.cluster}"`,
      where: ({ key }) => key,
      limit: session.limit,
      ...signalOf(session),
    },
    async ({ key, object }) => [key, await findLive(session, object)] as const,
  );
  return new Map(found.flatMap(([key, live]) => (live === undefined ? [] : [[key, live] as const])));
}

/** The autoscalers beside objects that say how many pods they want. */
async function readScalers(
  session: Session,
  wanted: readonly WantedObject[],
): Promise<readonly KubeObject[]> {
  const scalable = wanted.filter(({ object }) => valueAt(object, "spec.replicas") !== undefined);
  const namespaces = new Set(scalable.flatMap(({ object: { metadata } }) => metadata.namespace ?? []));
  const lists = await parallel(
    [...namespaces],
    {
      what: `read from "${session.cluster}"`,
      where: (name) => name,
      limit: session.limit,
      ...signalOf(session),
    },
    async (namespace) => {
      const path = `/apis/autoscaling/v2/namespaces/${encodeURIComponent(namespace)}/horizontalpodautoscalers`;
      const list = await session.client.find<{ items: readonly KubeObject[] }>(path, signalOf(session));
      return (list?.items ?? []).map((item) => ({
        ...item,
        apiVersion: "autoscaling/v2",
        kind: "HorizontalPodAutoscaler",
      }));
    },
  );
  return lists.flat();
}
