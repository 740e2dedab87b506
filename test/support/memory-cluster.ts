import type { KubeObject } from "../../kube/object.ts";
import { type Answer, type ApiServer, type Seen, startApiServer } from "./api-server.ts";

/** Kinds of the core group that such a cluster has, by their plurals. */
const kinds: Readonly<Record<string, string>> = {
  configmaps: "ConfigMap",
  secrets: "Secret",
  services: "Service",
};

/** An API server in this process that keeps what is applied to it: no defaults, no owners of fields, no admission. */
export class MemoryCluster {
  /** By path. */
  readonly objects = new Map<string, KubeObject>();
  #server: ApiServer | undefined;
  #version = 0;

  static async start(): Promise<MemoryCluster> {
    const cluster = new MemoryCluster();
    cluster.#server = await startApiServer((request) => cluster.#answer(request));
    return cluster;
  }

  get kubeconfig(): string {
    return this.#server?.kubeconfig ?? "";
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** Names of what there is of a kind. */
  names(plural: string): readonly string[] {
    return [...this.objects.keys()]
      .filter((path) => path.includes(`/${plural}/`))
      .map((path) => path.slice(path.lastIndexOf("/") + 1))
      .sort();
  }

  #answer({ method, path, query, body }: Seen): Answer {
    if (path === "/api/v1") {
      const resources = Object.entries(kinds).map(([name, kind]) => ({ name, kind, namespaced: true }));
      return { body: { kind: "APIResourceList", resources } };
    }
    const plural = path.slice(path.lastIndexOf("/") + 1);
    const kind = kinds[plural];
    if (kind !== undefined)
      return { body: { kind: `${kind}List`, items: this.#list(path, query["labelSelector"]) } };
    const found = this.objects.get(path);
    if (method === "PATCH") {
      const { resourceVersion } = (body as KubeObject).metadata;
      const isStale = resourceVersion !== undefined && resourceVersion !== found?.metadata.resourceVersion;
      if (isStale)
        return { status: 409, body: { kind: "Status", message: "it has changed", reason: "Conflict" } };
      return { body: this.#apply(path, body as KubeObject, query["dryRun"] === "All") };
    }
    if (found === undefined)
      return { status: 404, body: { kind: "Status", message: "not found", reason: "NotFound" } };
    if (method === "DELETE") this.objects.delete(path);
    return { body: found };
  }

  #list(path: string, selector = ""): readonly KubeObject[] {
    const [key = "", value] = selector.split("=");
    return [...this.objects]
      .filter(([each, { metadata }]) => each.startsWith(`${path}/`) && metadata.labels?.[key] === value)
      .map(([, object]) => object);
  }

  #apply(path: string, wanted: KubeObject, isDry: boolean): KubeObject {
    const before = this.objects.get(path);
    const { uid = `uid of ${path}`, resourceVersion } = before?.metadata ?? {};
    const same = {
      ...wanted,
      metadata: { ...wanted.metadata, uid, ...(resourceVersion && { resourceVersion }) },
    };
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(same)) return before;
    if (isDry) return same;
    this.#version += 1;
    const after = { ...same, metadata: { ...same.metadata, resourceVersion: String(this.#version) } };
    this.objects.set(path, after);
    return after;
  }
}
