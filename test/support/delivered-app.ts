import assert from "node:assert/strict";
import { apply, type ApplyOptions, type ApplyResult, preview } from "../../delivery/index.ts";
import type { Preview, TargetCluster } from "../../delivery/index.ts";
import { parentPath } from "../../delivery/apply-set.ts";
import type { KubeRequest } from "../../kube/client.ts";
import { KubeError } from "../../kube/errors.ts";
import type { KubeObject } from "../../kube/object.ts";
import { deployment, namespace } from "./objects.ts";
import type { RealApiServer } from "./real-api-server.ts";

/** An app in a namespace of its own; objects of the namespace `shop` go there. */
export class DeliveredApp {
  readonly namespace: string;
  readonly cluster: TargetCluster;
  readonly inventory: { readonly name: string; readonly namespace: string };
  readonly #server: RealApiServer;

  /** Makes its namespace. */
  static async make(server: RealApiServer, name: string): Promise<DeliveredApp> {
    await server.client.request({ method: "POST", path: "/api/v1/namespaces", body: namespace(name) });
    return new DeliveredApp(server, name);
  }

  constructor(server: RealApiServer, name: string) {
    this.#server = server;
    this.namespace = name;
    this.cluster = { name: "edge", client: server.client };
    this.inventory = { name: "inventory", namespace: name };
  }

  apply(
    objects: readonly KubeObject[],
    options: Partial<ApplyOptions> = {},
    cluster: TargetCluster = this.cluster,
  ): Promise<ApplyResult> {
    const placed = objects.map((object) => this.#place(object));
    return apply(cluster, placed, { inventory: this.inventory, patienceMs: 10_000, ...options });
  }

  preview(objects: readonly KubeObject[]): Promise<readonly Preview[]> {
    const placed = objects.map((object) => this.#place(object));
    return preview(this.cluster, placed, { inventory: this.inventory });
  }

  /** The cluster with something between: what it returns is the answer in the server's place. */
  through(between: (request: KubeRequest) => unknown): TargetCluster {
    const { client } = this.#server;
    const request = async <Answer>(wanted: KubeRequest): Promise<Answer> => {
      const answer = await between(wanted);
      return answer === undefined ? client.request<Answer>(wanted) : (answer as Answer);
    };
    return { name: "edge", client: { request, find: (path, options) => client.find(path, options) } };
  }

  find(object: KubeObject): Promise<KubeObject | undefined> {
    return this.#server.client.find<KubeObject>(this.#path(object));
  }

  async spec(object: KubeObject): Promise<Readonly<Record<string, unknown>>> {
    return ((await this.find(object))?.["spec"] ?? {}) as Readonly<Record<string, unknown>>;
  }

  async create(object: KubeObject): Promise<void> {
    const path = this.#path(object).replace(/\/[^/]*$/u, "");
    await this.#server.client.request({ method: "POST", path, body: this.#place(object) });
  }

  async delete(object: KubeObject): Promise<void> {
    await this.#server.client.request({ method: "DELETE", path: this.#path(object) });
  }

  async patchAs(fieldManager: string, object: KubeObject, body: object): Promise<void> {
    await this.#patch(this.#path(object), body, fieldManager);
  }

  /** As an autoscaler does it. */
  async scale(name: string, replicas: number): Promise<void> {
    await this.#patch(
      `${this.#path(deployment(name))}/scale`,
      { spec: { replicas } },
      "kube-controller-manager",
    );
  }

  /** As a controller does it. */
  async report(object: KubeObject, status: object): Promise<void> {
    await this.#patch(`${this.#path(object)}/status`, { status }, "kube-controller-manager");
  }

  async removeFinalizers(object: KubeObject): Promise<void> {
    await this.#patch(this.#path(object), { metadata: { finalizers: null } }, "somebody");
  }

  async parent(): Promise<Readonly<Record<string, string>>> {
    const parent = await this.#server.client.find<KubeObject>(parentPath(this.inventory));
    return parent?.metadata.annotations ?? {};
  }

  /** The resource versions of what was applied, and of the inventory. */
  async versions({ objects }: ApplyResult): Promise<readonly unknown[]> {
    const paths = objects.map(({ object }) => {
      const [kind = "", name = ""] = object.split(" ");
      return this.#pathOf(kind, name.split("/").at(-1) ?? "");
    });
    const found = await Promise.all(
      [...paths, parentPath(this.inventory)].sort().map((path) => this.#server.client.find<KubeObject>(path)),
    );
    return found.map((object) => object?.metadata.resourceVersion);
  }

  async #patch(path: string, body: object, fieldManager: string): Promise<void> {
    const contentType = "application/merge-patch+json";
    await this.#server.client.request({ method: "PATCH", path, body, contentType, query: { fieldManager } });
  }

  #place(object: KubeObject): KubeObject {
    const { metadata } = object;
    return metadata.namespace === undefined
      ? object
      : { ...object, metadata: { ...metadata, namespace: this.namespace } };
  }

  #path({ apiVersion, kind, metadata }: KubeObject): string {
    return this.#pathOf(
      apiVersion.includes("/") ? `${apiVersion.split("/")[0]}/${kind}` : kind,
      metadata.name,
    );
  }

  #pathOf(kind: string, name: string): string {
    const within = `/namespaces/${this.namespace}`;
    const collections: Readonly<Record<string, string>> = {
      ConfigMap: `/api/v1${within}/configmaps`,
      Secret: `/api/v1${within}/secrets`,
      PersistentVolumeClaim: `/api/v1${within}/persistentvolumeclaims`,
      "apps/Deployment": `/apis/apps/v1${within}/deployments`,
      "autoscaling/HorizontalPodAutoscaler": `/apis/autoscaling/v2${within}/horizontalpodautoscalers`,
      "example.org/Widget": `/apis/example.org/v1${within}/widgets`,
      "apiextensions.k8s.io/CustomResourceDefinition":
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    };
    const collection = collections[kind];
    assert.ok(collection !== undefined, kind);
    return `${collection}/${name}`;
  }
}

/** How many objects each thing was done with. */
export function actions({ objects }: ApplyResult): Readonly<Record<string, number>> {
  const groups = Map.groupBy(objects, ({ action }) => action);
  return Object.fromEntries([...groups].map(([action, all]) => [action, all.length]));
}

/** What the server says when it refuses with an HTTP status. */
export function refusal(status: number): KubeError {
  return new KubeError("do it", status, JSON.stringify({ message: "no", reason: "No" }));
}
