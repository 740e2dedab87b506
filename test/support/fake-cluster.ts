import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { RawNode } from "../../bootstrap/node-facts.ts";
import { startApiServer } from "./api-server.ts";
import type { Answer, ApiServer, Seen } from "./api-server.ts";

export type FakeNode = RawNode & { readonly metadata: { readonly name: string } };

/** A Node that runs pods. */
export function fakeNode(
  name: string,
  changes: { metadata?: object; spec?: object; ready?: boolean } = {},
): FakeNode {
  const { metadata = {}, spec = {}, ready = true } = changes;
  const conditions = [{ type: "Ready", status: ready ? "True" : "Unknown" }];
  return { metadata: { name, ...metadata }, spec, status: { conditions } };
}

/** A pod of a ReplicaSet. */
export function fakePod(name: string, node: string, metadata: object = {}): FakePod {
  const ownerReferences = [{ kind: "ReplicaSet", controller: true }];
  const own = { name, namespace: "shop", uid: `uid-${name}`, ownerReferences };
  return { metadata: { ...own, ...metadata }, spec: { nodeName: node } };
}

interface FakePod {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly nodeName: string };
}

/** An API server with Nodes and pods: evicting a pod makes it go, deleting a Node, too. */
export class FakeCluster {
  readonly nodes = new Map<string, FakeNode>();
  readonly pods = new Map<string, FakePod>();
  /** Every change that was asked for, as `METHOD path`. */
  readonly changes: string[] = [];
  /** A test may answer a request itself. */
  answer: (request: Seen) => Answer | undefined = () => undefined;
  #server: ApiServer | undefined;

  static async start(nodes: readonly FakeNode[], pods: readonly FakePod[] = []): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    for (const node of nodes) cluster.nodes.set(node.metadata.name, node);
    for (const pod of pods) cluster.pods.set(pod.metadata.name, pod);
    cluster.#server = await startApiServer((request) => cluster.#answer(request));
    return cluster;
  }

  get kubeconfig(): string {
    return this.#server?.kubeconfig ?? "";
  }

  /** How a fake host dials the API server. */
  readonly dial = (): Promise<Duplex> =>
    new Promise((resolve, reject) => {
      const socket = connect(this.#server?.port ?? 0, "127.0.0.1", () => {
        resolve(socket);
      });
      socket.once("error", reject);
    });

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  #answer(request: Seen): Answer {
    const { method, path } = request;
    if (method !== "GET") this.changes.push(`${method} ${path}`);
    const own = this.answer(request);
    if (own !== undefined) return own;
    if (path.startsWith("/api/v1/nodes/")) return this.#node(request, path.slice("/api/v1/nodes/".length));
    const evicted = /\/pods\/([^/]+)(?:\/eviction)?$/.exec(path)?.[1];
    if (evicted !== undefined) this.pods.delete(evicted);
    if (path === "/api/v1/nodes") return { body: { items: [...this.nodes.values()] } };
    if (path === "/api/v1/pods") return { body: { items: this.#podsOf(request.query["fieldSelector"]) } };
    return { body: { items: [] } };
  }

  #node({ method, body }: Seen, name: string): Answer {
    const node = this.nodes.get(name);
    if (node === undefined) return { status: 404, body: { reason: "NotFound" } };
    if (method === "DELETE") this.nodes.delete(name);
    if (method === "PATCH") this.nodes.set(name, { ...node, spec: { ...node.spec, ...specOf(body) } });
    return { body: this.nodes.get(name) ?? {} };
  }

  #podsOf(selector = ""): readonly FakePod[] {
    return [...this.pods.values()].filter(({ spec }) => selector === `spec.nodeName=${spec.nodeName}`);
  }
}

function specOf(patch: unknown): object {
  return (patch as { spec?: object }).spec ?? {};
}
