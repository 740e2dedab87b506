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

interface Resource {
  readonly name: string;
  readonly namespaced: boolean;
}

/** Finds the API paths of objects by asking the server which kinds it serves; answers are kept. */
export class ResourcePaths {
  readonly #client: KubeClient;
  readonly #groups = new Map<string, Promise<ReadonlyMap<string, Resource>>>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /**
   * The path of one object.
   *
   * @throws KeelsonError KEELSON_API_REFUSED if the server does not serve the kind
   */
  async of({ apiVersion, kind, metadata }: KubeObject, signal?: AbortSignal): Promise<string> {
    const resource = await this.#find(apiVersion, kind, signal);
    const scope = resource.namespaced
      ? `/namespaces/${encodeURIComponent(metadata.namespace ?? "default")}`
      : "";
    return `${groupPath(apiVersion)}${scope}/${resource.name}/${encodeURIComponent(metadata.name)}`;
  }

  async #find(apiVersion: string, kind: string, signal?: AbortSignal): Promise<Resource> {
    const found = (await this.#group(apiVersion, signal)).get(kind);
    if (found !== undefined) return found;
    // The kind may have been defined since: ask once more before giving up.
    this.#groups.delete(apiVersion);
    const again = (await this.#group(apiVersion, signal)).get(kind);
    if (again !== undefined) return again;
    throw new KeelsonError(
      "KEELSON_API_REFUSED",
      `Cannot find ${kind} in ${apiVersion}: the cluster does not serve it`,
    );
  }

  #group(apiVersion: string, signal?: AbortSignal): Promise<ReadonlyMap<string, Resource>> {
    const known = this.#groups.get(apiVersion);
    if (known !== undefined) return known;
    const asked = this.#client
      .find<ResourceList>(groupPath(apiVersion), { ...(signal && { signal }) })
      .then((list) => new Map((list?.resources ?? []).filter(isWhole).map((each) => [each.kind, each])));
    this.#groups.set(apiVersion, asked);
    asked.catch(() => this.#groups.delete(apiVersion));
    return asked;
  }
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Subresources such as `pods/eviction` are listed beside the resources. */
function isWhole({ name }: { readonly name: string }): boolean {
  return !name.includes("/");
}
