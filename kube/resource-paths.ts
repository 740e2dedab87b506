import { KeelsonError } from "../errors.ts";
import type { KubeClient } from "./client.ts";
import type { KubeObject } from "./object.ts";

interface ResourceList {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

interface GroupVersions {
  readonly preferredVersion: { readonly groupVersion: string };
  readonly versions: readonly { readonly groupVersion: string }[];
}

/** How an API server serves a kind. */
export interface Resource {
  readonly apiVersion: string;
  /** The plural in paths, `deployments` for example. */
  readonly name: string;
  readonly namespaced: boolean;
}

/** Finds the API paths of objects by asking the server which kinds it serves; answers are kept. */
export class ResourcePaths {
  readonly #client: Pick<KubeClient, "find">;
  readonly #groups = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  constructor(client: Pick<KubeClient, "find">) {
    this.#client = client;
  }

  /**
   * The path of one object.
   *
   * @throws KeelsonError KEELSON_API_REFUSED if the server does not serve the kind
   */
  async of({ apiVersion, kind, metadata }: KubeObject, signal?: AbortSignal): Promise<string> {
    const resource = await this.find(apiVersion, kind, signal);
    if (resource !== undefined) return objectPath(resource, metadata);
    throw new KeelsonError(
      "KEELSON_API_REFUSED",
      `Cannot find ${kind} in ${apiVersion}: the cluster does not serve it`,
    );
  }

  /** How a kind is served; undefined if the server does not serve it. */
  async find(apiVersion: string, kind: string, signal?: AbortSignal): Promise<Resource | undefined> {
    const found = (await this.#group(apiVersion, signal)).get(kind);
    if (found !== undefined) return found;
    // The kind may have been defined since: ask once more before giving up.
    this.#groups.delete(apiVersion);
    return (await this.#group(apiVersion, signal)).get(kind);
  }

  /**
   * How a kind is served when its version does not matter: the version that the server prefers, or another one.
   * Undefined if the server answers that it serves the kind in none.
   */
  async findPreferred(group: string, kind: string, signal?: AbortSignal): Promise<Resource | undefined> {
    if (group === "") return this.find("v1", kind, signal);
    const known = await this.#client.find<GroupVersions>(`/apis/${group}`, { ...(signal && { signal }) });
    if (known === undefined) return undefined;
    const apiVersions = [known.preferredVersion, ...known.versions].map(({ groupVersion }) => groupVersion);
    for (const apiVersion of new Set(apiVersions)) {
      const found = await this.find(apiVersion, kind, signal);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #group(apiVersion: string, signal?: AbortSignal): Promise<ReadonlyMap<string, Resource>> {
    const known = this.#groups.get(apiVersion);
    if (known !== undefined) return known;
    const asked = this.#client
      .find<ResourceList>(groupPath(apiVersion), { ...(signal && { signal }) })
      .then(
        (list) =>
          new Map(
            (list?.resources ?? [])
              .filter(isWhole)
              .map(({ kind, name, namespaced }) => [kind, { apiVersion, name, namespaced }]),
          ),
      );
    this.#groups.set(apiVersion, asked);
    asked.catch(() => this.#groups.delete(apiVersion));
    return asked;
  }
}

/** The path of all objects of a kind, in a namespace if it has any and one is given. */
export function collectionPath({ apiVersion, name, namespaced }: Resource, namespace?: string): string {
  const scope = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${groupPath(apiVersion)}${scope}/${name}`;
}

/** The path of one object of a kind. @default namespace "default" */
export function objectPath(
  resource: Resource,
  { name, namespace }: { readonly name: string; readonly namespace?: string },
): string {
  return `${collectionPath(resource, namespace ?? "default")}/${encodeURIComponent(name)}`;
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Subresources such as `pods/eviction` are listed beside the resources. */
function isWhole({ name }: { readonly name: string }): boolean {
  return !name.includes("/");
}
