import assert from "node:assert/strict";
import { apply, type DeliveryEvent, remove } from "../../delivery/index.ts";
import { dependsOnAnnotation } from "../../delivery/order.ts";
import type { KubeRequest } from "../../kube/client.ts";
import { KubeError } from "../../kube/errors.ts";
import { isEtcdFailure } from "../../kube/etcd-failure.ts";
import type { KubeObject } from "../../kube/object.ts";
import { describeLong } from "../support/long.ts";
import { configMap, namespace } from "../support/objects.ts";
import { type RealApiServer, startRealApiServer } from "../support/real-api-server.ts";
import { RealEtcd } from "../support/real-etcd.ts";

const inventory = { name: "inventory", namespace: "shop" };

/** A Service that comes after the settings. */
const service: KubeObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: {
    name: "web",
    namespace: "shop",
    annotations: { [dependsOnAnnotation]: "/namespaces/shop/ConfigMap/settings" },
  },
  spec: { ports: [{ port: 80 }] },
};

describeLong("An API server whose etcd has no majority for a while", () => {
  let etcd: RealEtcd;
  let server: RealApiServer;

  before(async function () {
    this.timeout(240_000);
    etcd = await RealEtcd.start(3, 64 * 1024 ** 2);
    server = await startRealApiServer({ etcd: etcd.urls[0] ?? "" });
    await create("/api/v1/namespaces", namespace("shop"));
  });

  afterEach(() => {
    etcd.resume();
  });

  after(async () => {
    await server.stop();
    await etcd.stop();
  });

  const create = (path: string, body: KubeObject): Promise<unknown> =>
    server.client.request({ method: "POST", path, body });

  it("says so in words alone, and what may have happened is not made twice", async () => {
    etcd.pause();

    await assert.rejects(create("/api/v1/namespaces/shop/configmaps", configMap("one")), (error) => {
      assert.ok(error instanceof KubeError, String(error));
      assert.deepEqual([error.status, error.reason, isEtcdFailure(error)], [500, "", true], error.message);
      return true;
    });
  }).timeout(60_000);

  it("is asked again meanwhile, and has the whole release in the end", async () => {
    const refusals: unknown[] = [];
    const request = async <Answer>(wanted: KubeRequest): Promise<Answer> => {
      try {
        return await server.client.request<Answer>(wanted);
      } catch (error) {
        refusals.push(error);
        throw error;
      }
    };
    const find: RealApiServer["client"]["find"] = (path, options) => server.client.find(path, options);
    const cluster = { name: "edge", client: { request, find } };
    let pauses = 0;
    const onEvent = (event: DeliveryEvent): void => {
      const isDue = event.type === "begins" || (event.type === "object" && event.object.includes("settings"));
      if (!isDue) return;
      pauses += 1;
      etcd.pause();
      setTimeout(() => {
        etcd.resume();
      }, 9000);
    };

    const { objects } = await apply(cluster, [configMap("settings"), service], { inventory, onEvent });

    assert.deepEqual(
      objects.map(({ action }) => action),
      ["created", "created"],
    );
    assert.equal(pauses, 2);
    assert.deepEqual(
      refusals.filter((error) => !isEtcdFailure(error)),
      [],
    );
    assert.equal((await remove(cluster, { inventory })).length, 2);
  }).timeout(180_000);
});
