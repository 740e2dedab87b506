import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { partOfLabel } from "../../delivery/apply-set.ts";
import { digestAnnotation } from "../../delivery/digest.ts";
import { apply, kubeClient, openReleaseStore, preview } from "../../delivery/index.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/object.ts";
import { MemoryCluster } from "../support/memory-cluster.ts";

const inventory = { name: "inventory", namespace: "shop" };
const path = "/api/v1/namespaces/shop/services/web";

/** Whatever JSON can say: it has no negative zero. */
const jsonValue = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);

/** A Service with fields that no release of Kubernetes has, at every depth. */
const serviceOf = (future: unknown): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop", ...{ fromTheFuture: future } },
  spec: { ports: [{ port: 80, fromTheFuture: future }], fromTheFuture: future },
  fromTheFuture: future,
});

describe("Fields that no model knows", () => {
  let folder: string;
  let server: MemoryCluster;
  let client: KubeClient;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-future-"));
    server = await MemoryCluster.start();
    client = await kubeClient({ kubeconfig: server.kubeconfig });
  });

  afterEach(async () => {
    client.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  // What a client's generated models do to an object of a newer minor: they drop what they have no property for.
  it("are stored, sent, compared and kept as they are (unknown fields of a newer minor dropped)", async () => {
    const store = await openReleaseStore({ reference: pathToFileURL(folder).href, key: "0f".repeat(32) });
    await fc.assert(
      fc.asyncProperty(jsonValue, async (future) => {
        server.objects.clear();
        const cluster = { name: "edge", client };
        const wanted = serviceOf(future);

        const stored = await store.get(await store.put([wanted]));
        await apply(cluster, stored, { inventory });
        const again = await apply(cluster, stored, { inventory });
        const [shown] = await preview(cluster, [serviceOf({ other: future })], { inventory });

        assert.deepEqual(stored, [wanted]);
        assert.deepEqual(asWanted(server.objects.get(path)), wanted);
        assert.deepEqual(
          again.objects.map(({ action }) => action),
          ["unchanged"],
        );
        for (const place of [
          "fromTheFuture",
          "metadata.fromTheFuture",
          "spec.fromTheFuture",
          "spec.ports[port=80].fromTheFuture",
        ])
          assert.ok(
            shown?.changes.some((change) => change.path.startsWith(place)),
            place,
          );
      }),
      { numRuns: 40 },
    );
  });
});

/** What the server has, without what delivery and the server themselves add. */
function asWanted(object: KubeObject | undefined): unknown {
  assert.ok(object !== undefined);
  const { labels, annotations, uid, resourceVersion, ...metadata } = object.metadata;
  assert.ok(labels?.[partOfLabel] !== undefined && annotations?.[digestAnnotation] !== undefined);
  assert.ok(uid !== undefined && resourceVersion !== undefined);
  return { ...object, metadata };
}
