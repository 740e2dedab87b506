import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as delivery from "../../../../delivery/index.ts";
import { accessRecord } from "../../../../stacks/engine/releases.ts";
import type { Delivery } from "../../../../stacks/provider/world.ts";
import type { ValueRecord } from "../../../../stacks/provider/values.ts";
import { MemoryCluster } from "../../../support/memory-cluster.ts";
import { configMap, secret } from "../../../support/objects.ts";
import { Harness, openText, type State } from "../support/harness.ts";

const type = "AppliedSet";
const key = "0f".repeat(32);
const password = "correct horse battery staple";

// Everything but the API server is real: the protocol, the provider, the store, the client, delivery.
describe("An applied set, from the store to the API", () => {
  let harness: Harness;
  let cluster: MemoryCluster;
  let folder: string;
  let store: delivery.ReleaseStore;
  let reference: string;

  beforeEach(async () => {
    harness = await Harness.start();
    cluster = await MemoryCluster.start();
    folder = await mkdtemp(join(tmpdir(), "keelson-whole-"));
    reference = pathToFileURL(folder).href;
    store = await delivery.openReleaseStore({ reference, key });
    await store.writeRecord(accessRecord("edge-id"), { name: "edge", kubeconfig: cluster.kubeconfig });
    const whole: Delivery = {
      ...delivery,
      openStore: () => Promise.resolve(store),
      connect: (kubeconfig) => delivery.kubeClient({ kubeconfig }),
      isWatched: () => true,
      silences: new Map(),
    };
    Object.assign(harness.world, { delivery: whole });
  });

  afterEach(async () => {
    harness.stop();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const inputs = (release: string): ValueRecord => ({
    cluster: "edge",
    clusterId: "edge-id",
    store: reference,
    release,
    inventory: { name: "keelson-shop", namespace: "shop" },
  });

  it("applies, changes, prunes and takes away what the digests say, and keeps no secret in the state", async () => {
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "shop" } };
    const spec = { clusterIP: "10.96.0.9", ports: [{ port: 80 }] };
    const first = await store.put([
      configMap("settings"),
      secret("token", { password }),
      { ...service, spec },
    ]);
    const created = await harness.create(type, inputs(first));
    let state: State = { id: created.id, inputs: inputs(first), outputs: created.outputs };
    assert.deepEqual(cluster.names("configmaps"), ["settings"]);
    assert.deepEqual(cluster.names("secrets"), ["keelson-shop", "token"]);
    const { services, objects, applied } = created.outputs as ValueRecord;
    assert.deepEqual([services, objects, applied], [{ web: { clusterIp: "10.96.0.9" } }, 3, first]);
    assert.doesNotMatch(openText(created.outputs), /Y29ycmVjd|correct horse/);

    const second = await store.put([configMap("settings", { mode: "loose" }), configMap("more")]);
    await harness.update(type, state, inputs(second), true);
    assert.match(
      harness.notes.join("\n"),
      /^edge: 1 to create, 1 to change, 2 to delete\n[\s\S]*~ data\.mode: "strict" -> "loose"/m,
    );
    assert.deepEqual(cluster.names("services"), ["web"], "a preview touches nothing");

    const changed = await harness.update(type, state, inputs(second));
    state = { id: created.id, inputs: inputs(second), outputs: changed.outputs };
    assert.deepEqual(cluster.names("configmaps"), ["more", "settings"]);
    assert.deepEqual([cluster.names("secrets"), cluster.names("services")], [["keelson-shop"], []]);
    assert.deepEqual((await harness.diff(type, state, inputs(second))).properties, []);

    await harness.delete(type, state);
    assert.deepEqual([...cluster.objects.keys()], []);
  });

  it("finds at a refresh what somebody has deleted, and brings it back", async () => {
    const release = await store.put([configMap("one"), configMap("two")]);
    const { id, outputs } = await harness.create(type, inputs(release));
    const state = { id, inputs: inputs(release), outputs };
    assert.deepEqual((await harness.read(type, state)).outputs, outputs);
    for (const path of cluster.objects.keys()) if (path.endsWith("/one")) cluster.objects.delete(path);

    const read = await harness.read(type, state);
    const found = { ...state, outputs: read.outputs };
    assert.deepEqual((await harness.diff(type, found, inputs(release))).properties, ["pending"]);
    const mended = await harness.update(type, found, inputs(release));

    assert.deepEqual(cluster.names("configmaps"), ["one", "two"]);
    assert.deepEqual(mended.outputs, outputs);
  });

  it("is pending where nobody answers", async () => {
    const release = await store.put([configMap("one")]);
    await cluster.stop();

    const { outputs } = await harness.create(type, inputs(release));

    assert.deepEqual(outputs, { pending: [{ host: "edge", what: `apply release ${release}` }] });
    assert.match(harness.notes.join("\n"), /edge does not answer/);
  }).timeout(30_000);
});
