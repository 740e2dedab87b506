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
    { spec = {}, budgets = [] }: { spec?: object; budgets?: object[] } = {},
  ): Promise<{ client: KubeClient; server: ApiServer; cordons: () => unknown[] }> {
    const answer = (request: Seen): Answer => {
      const evicted = /pods\/(.*)\/eviction$/.exec(request.path)?.[1];
      if (evicted !== undefined) return evict(evicted);
      if (request.path === "/apis/policy/v1/poddisruptionbudgets") return { body: { items: budgets } };
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

  const owned = { ownerReferences: [{ kind: "ReplicaSet", controller: true }] };
  const pod = (name: string, metadata: object = {}): { metadata: { name: string } } => ({
    metadata: { name, ...{ namespace: "shop", uid: `uid-${name}` }, ...owned, ...metadata },
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
    await assert.rejects(drain(client, "w1", { timeoutSeconds: 0, retryMs: 1 }), {
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
    const { client, cordons } = await node([pod("web")], () => kept, {
      spec: { unschedulable: true },
    });
    await assert.rejects(drain(client, "w1", { timeoutSeconds: 0, retryMs: 1 }), { code: "KEELSON_TIMEOUT" });
    assert.deepEqual(cordons(), []);
  });

  it("does not evict a pod again that is on its way", async () => {
    const leaving = pod("web", { deletionTimestamp: "2026-01-01T00:00:00Z" });
    const pods = [leaving];
    const { client, server } = await node(pods, () => kept);
    await drain(client, "w1", { retryMs: 1, onProgress: () => pods.pop() });
    assert.ok(server.seen.every(({ path }) => !path.endsWith("/eviction")));
  });

  it("names what will never leave before it touches anything", async () => {
    const naked = pod("debug", { ownerReferences: [] });
    const { client, server, cordons } = await node([pod("web"), naked], () => kept);
    await assert.rejects(drain(client, "w1"), {
      code: "KEELSON_PROBLEMS",
      message: /pod shop\/debug: belongs to no controller.*KEELSON_DRAIN_BLOCKED/,
    });
    assert.deepEqual(cordons(), []);
    assert.ok(server.seen.every(({ method }) => method === "GET"));
  });

  it("deletes what no budget will ever let go if it is forced to, and evicts the rest", async () => {
    const labels = { app: "web" };
    const budgets = [
      {
        metadata: { name: "web", namespace: "shop", generation: 1 },
        spec: { selector: { matchLabels: labels } },
        status: { observedGeneration: 1, disruptionsAllowed: 0, desiredHealthy: 1, expectedPods: 1 },
      },
    ];
    const ready = { conditions: [{ type: "Ready", status: "True" }] };
    const pods = [{ ...pod("web", { labels }), status: ready }, pod("api")];
    const { client, server } = await node(pods, () => ({}), { budgets });
    await drain(client, "w1", { force: true, retryMs: 1, onProgress: () => pods.splice(0) });
    const touched = server.seen.filter(({ path }) => /pods\/./.test(path));
    assert.deepEqual(touched.map(({ method, path }) => `${method} ${path}`).sort(), [
      "DELETE /api/v1/namespaces/shop/pods/web",
      "POST /api/v1/namespaces/shop/pods/api/eviction",
    ]);
  });

  it("says which pod is waited for and why, once", async () => {
    const lines: string[] = [];
    const pods = [pod("web", { deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 })];
    let asked = 0;
    const { client, server } = await node(pods, () => kept);
    const watch = (line: string): void => {
      lines.push(line);
    };
    const draining = drain(client, "w1", { retryMs: 1, onProgress: watch });
    while (asked < 4) {
      await new Promise(setImmediate);
      asked = server.seen.filter(({ path }) => path === "/api/v1/pods").length;
    }
    pods.splice(0);
    await draining;
    assert.deepEqual(lines, ["draining: 1 pod to move; shop/web is ending (it may take 30 s)"]);
  });

  it("is content with what it could move of a node whose host is gone", async () => {
    const end = Date.now() + 500;
    const { client, cordons } = await node([pod("web", { ownerReferences: [] })], () => {
      while (Date.now() <= end); // The time is over while the server thinks.
      return kept;
    });
    await drain(client, "w1", { bestEffort: true, timeoutSeconds: 0.1, retryMs: 1 });
    assert.deepEqual(cordons(), [true]);
  });
});
