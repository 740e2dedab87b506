import type { KubeClient } from "./client.ts";
import type { KubeObject } from "./object.ts";
import { ResourcePaths } from "./resource-paths.ts";
import { waitFor } from "../remote/wait.ts";

const establishDeadlineMs = 30_000;

export interface ApplyOptions {
  /** Who owns the fields that are sent. */
  readonly fieldManager: string;
  /** Whether to take over fields that another manager owns. @default true */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Applies objects server-side: definitions first, until they are served, then namespaces, then the rest in order.
 * Fields that an earlier apply of the same manager sent and this one does not are removed.
 *
 * @throws KubeError with the server's own words for the first object that it refuses
 */
export async function applyObjects(
  client: KubeClient,
  objects: readonly KubeObject[],
  options: ApplyOptions,
): Promise<void> {
  const paths = new ResourcePaths(client);
  const rank = (object: KubeObject): number => ranks.get(object.kind) ?? ranks.size;
  const definitions = objects.filter(({ kind }) => kind === "CustomResourceDefinition");
  const others = objects.filter((object) => !definitions.includes(object));
  await Promise.all(definitions.map((object) => applyObject(client, paths, object, options)));
  await Promise.all(definitions.map((object) => waitUntilEstablished(client, object, options.signal)));
  for (const object of others.toSorted((left, right) => rank(left) - rank(right))) {
    await applyObject(client, paths, object, options);
  }
}

/** What others need comes first. */
const ranks = new Map([
  ["Namespace", 0],
  ["ServiceAccount", 1],
]);

async function applyObject(
  client: KubeClient,
  paths: ResourcePaths,
  object: KubeObject,
  { fieldManager, force = true, signal }: ApplyOptions,
): Promise<void> {
  await client.request({
    method: "PATCH",
    path: await paths.of(object, signal),
    query: { fieldManager, force: String(force) },
    contentType: "application/apply-patch+yaml",
    body: object,
    ...(signal && { signal }),
  });
}

interface Definition {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function waitUntilEstablished(
  client: KubeClient,
  { metadata }: KubeObject,
  signal?: AbortSignal,
): Promise<void> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`;
  await waitFor({
    what: `definition ${metadata.name} to be served`,
    deadlineMs: establishDeadlineMs,
    ...(signal && { signal }),
    probe: async () => {
      const definition = await client.find<Definition>(path);
      const established = definition?.status?.conditions?.some(
        ({ type, status }) => type === "Established" && status === "True",
      );
      return established === true ? true : undefined;
    },
  });
}
