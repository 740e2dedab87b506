import { KeelsonError } from "../errors.ts";
import { hasStatus } from "../kube/errors.ts";
import type { KubeObject } from "../kube/object.ts";
import { collectionPath, type Resource } from "../kube/resource-paths.ts";
import { parallel } from "../remote/parallel.ts";
import { type Inventory, kindsOf, partOfLabel, type SetRecord, setId } from "./apply-set.ts";
import { type GroupKind, groupKindText, keyOf } from "./object-id.ts";
import { type Session, signalOf } from "./session.ts";

const pageSize = "500";
const restarts = 3;

interface Page {
  readonly kind: string;
  readonly metadata?: { readonly continue?: string };
  readonly items: readonly KubeObject[];
}

/**
 * The living members of a set, by their identity, wherever its record says that they may be. It is all of them or an
 * error: who prunes must not take a list that failed for an empty one.
 *
 * @throws KeelsonError if any list fails or is no list, or if the server of a kind does not answer
 */
export async function listMembers(
  session: Session,
  inventory: Inventory,
  record: Pick<SetRecord, "kinds" | "namespaces">,
): Promise<ReadonlyMap<string, KubeObject>> {
  const options = {
    what: `list the set "${inventory.namespace}/${inventory.name}" on "${session.cluster}"`,
    limit: session.limit,
    ...signalOf(session),
  };
  const lists = await parallel(
    kindsOf(record),
    { ...options, where: groupKindText },
    async (kind): Promise<readonly Listing[]> => {
      const resource = await session.paths.findPreferred(kind.group, kind.kind, session.signal);
      if (resource === undefined) return [];
      return resource.namespaced
        ? [...record.namespaces].map((namespace) => ({ resource, kind, namespace }))
        : [{ resource, kind }];
    },
  );
  const members = await parallel(
    lists.flat(),
    { ...options, where: ({ kind }) => groupKindText(kind) },
    async (listing) => listAll(session, listing, setId(inventory)),
  );
  return new Map(members.flat().map((member) => [keyOf(member), member]));
}

interface Listing {
  readonly resource: Resource;
  readonly kind: GroupKind;
  readonly namespace?: string;
}

async function listAll(session: Session, listing: Listing, id: string): Promise<readonly KubeObject[]> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await listPages(session, listing, id);
    } catch (error) {
      // The rest of a list that took too long is gone: it begins anew.
      if (!hasStatus(error, 410) || attempt === restarts) throw error;
    }
  }
}

async function listPages(
  session: Session,
  { resource, kind, namespace }: Listing,
  id: string,
): Promise<readonly KubeObject[]> {
  const path = collectionPath(resource, namespace);
  const members: KubeObject[] = [];
  for (let next: string | undefined = ""; next !== undefined;) {
    const page: unknown = await session.client.request<Page>({
      path,
      query: {
        labelSelector: `${partOfLabel}=${id}`,
        limit: pageSize,
        ...(next !== "" && { continue: next }),
      },
      ...signalOf(session),
    });
    if (!isPage(page)) throw noList(session, path);
    // Items of a list leave out what the list says for all of them.
    members.push(
      ...page.items.map((item) => ({ ...item, apiVersion: resource.apiVersion, kind: kind.kind })),
    );
    next = page.metadata?.continue === "" ? undefined : page.metadata?.continue;
  }
  return members.filter(({ metadata }) => metadata.labels?.[partOfLabel] === id);
}

function isPage(answer: unknown): answer is Page {
  const { kind, items } = (answer ?? {}) as Partial<Page>;
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items);
}

function noList(session: Session, path: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_API_UNAVAILABLE",
    `Cannot list ${path} on "${session.cluster}": the answer is no list of Kubernetes`,
    { fix: "Look for a proxy between here and the API server that answers in its place" },
  );
}
