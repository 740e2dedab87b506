import assert from "node:assert/strict";
import { kubeClient } from "../../kube/client.ts";
import type { KubeClient } from "../../kube/client.ts";
import { drain } from "../../kube/drain.ts";
import { startApiServer } from "../support/api-server.ts";
import type { Answer, ApiServer, Seen } from "../support/api-server.ts";

const kept = {
  status: 429,
  body: { reason: "TooManyRequests", details: { causes: [{ message: "budget web" }] } },
};

describe("drain", () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function node(
    pods: object[],
    evict: (name: string) => Answer,
    spec: object = {},
  ): Promise<{ client: KubeClient; server: ApiServer; cordons: () => unknown[] }> {
    const answer = (request: Seen): Answer => {
      const evicted = /pods\/(.*)\/eviction$/.exec(request.path)?.[1];
      if (evicted !== undefined) return evict(evicted);
      return { body: request.path === "/api/v1/pods" ? { items: pods } : { spec } };
    };
    const server = await startApiServer(answer);
    const client = await kubeClient({ kubeconfig: server.kubeconfig });
    ends.push(server.stop, () => {
      client.close();
    });
    const cordons = (): unknown[] =>
      server.seen
        .filter(({ method }) => method === "PATCH")
        .map(({ body }) => (body as { spec: { unschedulable: unknown } }).spec.unschedulable);
    return { client, server, cordons };
  }

  const pod = (name: string, metadata: object = {}): { metadata: { name: string } } => ({
    metadata: { name, ...{ namespace: "shop", uid: `uid-${name}` }, ...metadata },
  });

  it("evicts what can move and leaves the node cordoned", async () => {
    const pods = [
      pod("web"),
      pod("agent", { ownerReferences: [{ kind: "DaemonSet", controller: true }] }),
      pod("static", { annotations: { "kubernetes.io/config.mirror": "x" } }),
      { ...pod("done"), status: { phase: "Succeeded" } },
    ];
    const { client, server, cordons } = await node(pods, (name) => {
      pods.splice(0, pods.length, ...pods.filter(({ metadata }) => metadata.name !== name));
      return {};
    });
    await drain(client, "w1", { retryMs: 1 });
    const evictions = server.seen.filter(({ path }) => path.endsWith("/eviction"));
    assert.deepEqual(
      evictions.map(({ path }) => path),
      ["/api/v1/namespaces/shop/pods/web/eviction"],
    );
    assert.deepEqual(cordons(), [true]);
  });

  it("names the budget that keeps a pod, and gives the node back", async () => {
    const { client, cordons } = await node([pod("web")], () => kept);
    await assert.rejects(drain(client, "w1", { deadlineMs: 0, retryMs: 1 }), {
      code: "KEELSON_TIMEOUT",
      message: /shop\/web is kept by a disruption budget \(budget web\)$/,
    });
    assert.deepEqual(cordons(), [true, null]);
  });

  it("gives the node back after an abort", async () => {
    const abort = new AbortController();
    const { client, cordons } = await node([pod("web")], () => kept);
    const draining = drain(client, "w1", {
      retryMs: 1,
      signal: abort.signal,
      onProgress: () => {
        abort.abort();
      },
    });
    await assert.rejects(draining, { code: "KEELSON_ABORTED" });
    assert.deepEqual(cordons(), [true, null]);
  });

  it("leaves a node cordoned that was so before", async () => {
    const { client, cordons } = await node([pod("web")], () => kept, { unschedulable: true });
    await assert.rejects(drain(client, "w1", { deadlineMs: 0, retryMs: 1 }), { code: "KEELSON_TIMEOUT" });
    assert.deepEqual(cordons(), [true]);
  });

  it("does not evict a pod again that is on its way", async () => {
    const leaving = pod("web", { deletionTimestamp: "2026-01-01T00:00:00Z" });
    const pods = [leaving];
    const { client, server } = await node(pods, () => kept);
    await drain(client, "w1", { retryMs: 1, onProgress: () => pods.pop() });
    assert.ok(server.seen.every(({ path }) => !path.endsWith("/eviction")));
  });
});
