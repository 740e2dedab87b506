import assert from "node:assert/strict";
import { apply, kubeClient, remove, type TargetCluster } from "../../delivery/index.ts";
import type { KubeClient, KubeRequest } from "../../kube/client.ts";
import { KubeError } from "../../kube/errors.ts";
import type { KubeObject } from "../../kube/object.ts";
import { MemoryCluster } from "../support/memory-cluster.ts";
import { configMap, secret } from "../support/objects.ts";

const inventory = { name: "inventory", namespace: "shop" };
const service: KubeObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop" },
  spec: { ports: [{ port: 80 }] },
};

describe("Delivery while the etcd of an API server fails it", function () {
  this.timeout(20_000);

  let server: MemoryCluster;
  let client: KubeClient;

  beforeEach(async () => {
    server = await MemoryCluster.start();
    client = await kubeClient({ kubeconfig: server.kubeconfig });
  });

  afterEach(async () => {
    client.close();
    await server.stop();
  });

  /** Each other change of an object is answered as failed, and has happened or not. */
  function failing(hasHappened: boolean): TargetCluster {
    const failed = new Set<string>();
    const request = async <Answer>(wanted: KubeRequest): Promise<Answer> => {
      const isRead = (wanted.method ?? "GET") === "GET";
      if (isRead || failed.delete(wanted.path)) return client.request<Answer>(wanted);
      failed.add(wanted.path);
      if (hasHappened) await client.request(wanted);
      const message = `${wanted.path} is invalid: etcdserver: request timed out`;
      throw new KubeError(`change ${wanted.path}`, 422, JSON.stringify({ message, reason: "Invalid" }));
    };
    return { name: "edge", client: { request, find: (path, options) => client.find(path, options) } };
  }

  for (const [title, hasHappened] of [
    ["changes nothing", false],
    ["has changed what it calls failed", true],
  ] as const) {
    it(`applies, prunes and removes although each first try ${title}`, async () => {
      const cluster = failing(hasHappened);
      await apply(cluster, [configMap("settings"), service, secret("token", { a: "1" })], { inventory });
      assert.deepEqual(server.names("services"), ["web"]);

      const changed = await apply(cluster, [configMap("settings", { mode: "loose" })], { inventory });
      assert.deepEqual(changed.objects.map(({ action }) => action).sort(), ["changed", "pruned", "pruned"]);
      assert.deepEqual([...server.names("services"), ...server.names("secrets")], [inventory.name]);

      await remove(cluster, { inventory });
      assert.deepEqual([...server.objects], []);
    });
  }

  it("does not take the inventory that another run has changed for its own", async () => {
    const cluster = failing(false);
    await apply(cluster, [configMap("settings")], { inventory });
    const path = "/api/v1/namespaces/shop/secrets/inventory";
    const before = server.objects.get(path);
    assert.ok(before !== undefined);
    const overtaken: TargetCluster = {
      name: "edge",
      client: {
        find: cluster.client.find,
        request: async (wanted) => {
          if (wanted.path === path)
            server.objects.set(path, { ...before, metadata: { ...before.metadata, resourceVersion: "99" } });
          return cluster.client.request(wanted);
        },
      },
    };

    await assert.rejects(apply(overtaken, [configMap("settings"), service], { inventory }), {
      code: "KEELSON_LOCKED",
    });
    assert.deepEqual(server.names("services"), []);
  });
});
