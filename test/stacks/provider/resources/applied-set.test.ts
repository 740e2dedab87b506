import assert from "node:assert/strict";
import type { KubeObject } from "../../../../delivery/index.ts";
import { KeelsonError } from "../../../../errors.ts";
import type { ValueRecord } from "../../../../stacks/provider/values.ts";
import { configMap } from "../../../support/objects.ts";
import { failureOf, Harness, openText, type State } from "../support/harness.ts";

const type = "AppliedSet";
const first = `sha256:${"1".repeat(64)}`;
const second = `sha256:${"2".repeat(64)}`;

describe("An applied set", () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await Harness.start();
    harness.world.delivery.know("edge", "edge-id");
    harness.world.delivery.releases.set(first, [configMap("one"), service]);
    harness.world.delivery.releases.set(second, [configMap("two")]);
  });

  afterEach(() => {
    harness.stop();
  });

  const create = async (): Promise<State> => {
    const { id, outputs } = await harness.create(type, inputs());
    return { id, inputs: inputs(), outputs };
  };

  it("applies what the store has, and keeps digests and counts of it alone", async () => {
    const { id, outputs } = await create();

    assert.equal(id, "edge-id/shop/keelson-shop");
    assert.deepEqual(outputs, {
      applied: first,
      version: "version of one,web",
      objects: 2,
      services: { web: { clusterIp: "10.96.0.9", nodePort: 30_080, nodePorts: { "": 30_080 } } },
      pending: [],
    });
    assert.deepEqual(harness.world.delivery.calls, ["apply edge", "close"]);
    const size = openText(outputs).length + openText(inputs()).length;
    assert.ok(size < 1000, `the state of a set must be small, it has ${size} bytes`);
  });

  it("has nothing to do for the same release, however it is applied, and something for another", async () => {
    const state = await create();

    const manner = { ...inputs(), adopt: "always", drift: "report", force: true, store: "s3://other" };
    assert.deepEqual(await harness.diff(type, state, manner), { properties: [], replaces: [] });
    assert.deepEqual(await harness.diff(type, state, inputs(second)), {
      properties: ["release"],
      replaces: [],
    });
    const moved = { ...inputs(), inventory: { name: "other", namespace: "shop" } };
    assert.deepEqual((await harness.diff(type, state, moved)).replaces, ["inventory"]);
  });

  it("shows in a preview what the cluster says, and applies nothing", async () => {
    const state = await create();
    const change = { path: "data.mode", before: "a", after: "b" };
    const rest = { conflicts: [], isVerified: true };
    harness.world.delivery.previews = [
      { object: "ConfigMap shop/two", action: "created", changes: [], ...rest },
      { object: "ConfigMap shop/one", action: "changed", changes: [change], ...rest },
    ];

    const { outputs } = await harness.update(type, state, inputs(second), true);

    assert.deepEqual(harness.notes, [
      'edge: 1 to create, 1 to change\n+ ConfigMap shop/two\n~ ConfigMap shop/one\n    ~ data.mode: "a" -> "b"',
    ]);
    assert.equal((outputs as ValueRecord)["applied"], second);
    assert.equal(harness.world.delivery.live.get("edge"), "version of one,web");
  });

  it("says in a preview that values are not known yet", async () => {
    const known = Object.entries(inputs()).filter(([name]) => name !== "release");

    await harness.create(type, Object.fromEntries(known), { preview: true });

    assert.match(harness.notes.join("\n"), /edge: what would change is known once/);
    assert.deepEqual(harness.world.delivery.calls, []);
  });

  describe("on a cluster that does not answer", () => {
    it("is a pending change that fails nobody, and that the next run makes good", async () => {
      harness.world.delivery.silent.add("edge");
      const { id, outputs } = await harness.create(type, inputs());
      const state = { id, inputs: inputs(), outputs };

      assert.deepEqual(outputs, { pending: [{ host: "edge", what: `apply release ${first}` }] });
      assert.match(
        harness.notes.join("\n"),
        /edge does not answer, so it waits for its release until the next run/,
      );
      assert.deepEqual((await harness.diff(type, state, inputs())).properties, ["pending"]);
      const { outputs: read } = await harness.read(type, state);
      assert.deepEqual(read, outputs, "a refresh does not forget what is pending");

      harness.world.delivery.comeBack();
      const served = await harness.update(type, state, inputs());
      assert.equal(harness.world.delivery.live.get("edge"), "version of one,web");
      const after = { ...state, outputs: served.outputs };
      assert.deepEqual((await harness.diff(type, after, inputs())).properties, []);
    });

    it("keeps what was applied, and says what waits", async () => {
      const state = await create();
      harness.world.delivery.silent.add("edge");

      const { outputs } = await harness.update(type, state, inputs(second));

      const { applied, pending } = outputs as ValueRecord;
      assert.deepEqual([applied, pending], [first, [{ host: "edge", what: `apply release ${second}` }]]);
    });

    it("previews with a warning, and reads as it was", async () => {
      const state = await create();
      harness.world.delivery.silent.add("edge");

      await harness.update(type, state, inputs(second), true);
      const { outputs } = await harness.read(type, state);

      assert.match(harness.notes.join("\n"), /edge does not answer/);
      assert.deepEqual(outputs, state.outputs);
    });

    it("is waited for once in a run", async () => {
      const state = await create();
      harness.world.delivery.silent.add("edge");
      harness.world.delivery.calls.length = 0;

      await harness.read(type, state);
      await harness.update(type, state, inputs(second));

      assert.deepEqual(harness.world.delivery.calls, ["readHealth edge", "close"]);
    });

    it("goes on waiting in a run that is about other clusters, unless another release is wanted", async () => {
      const state = await create();
      const { delivery } = harness.world;
      delivery.silent.add("edge");
      const { outputs } = await harness.update(type, state, inputs(second));
      const silent = { ...state, inputs: inputs(second), outputs };
      delivery.comeBack();
      delivery.isWatched = (cluster) => cluster !== "edge";
      delivery.calls.length = 0;

      const waiting = await harness.update(type, silent, inputs(second));
      assert.deepEqual([waiting.outputs, delivery.calls], [outputs, []]);

      await harness.update(type, silent, inputs());
      assert.ok(delivery.calls.includes("apply edge"));
    });

    it("is not taken for deleted", async () => {
      const state = await create();
      harness.world.delivery.silent.add("edge");

      await assert.rejects(harness.delete(type, state), /KEELSON_API_UNAVAILABLE/);
    });
  });

  it("is a failure that the next run mends if the cluster refuses in the middle", async () => {
    const refusal = new KeelsonError("KEELSON_API_REFUSED", "Cannot apply: no");
    harness.world.delivery.onChange = () => {
      throw refusal;
    };
    const { answer } = await failureOf(harness.create(type, inputs()));
    harness.world.delivery.onChange = () => undefined;
    const state = { id: answer.id, inputs: inputs(), outputs: answer.outputs };

    assert.deepEqual((await harness.diff(type, state, inputs())).properties, ["unfinished"]);
    const { outputs } = await harness.update(type, state, inputs());

    assert.equal((outputs as ValueRecord)["applied"], first);
  });

  it("is no resource if everything is refused before the cluster is touched", async () => {
    const missing = `sha256:${"3".repeat(64)}`;

    await assert.rejects(harness.create(type, inputs(missing)), /KEELSON_RELEASE_MISSING/);
    await assert.rejects(harness.create(type, { ...inputs(), clusterId: "stranger" }), /does not know how/);
  });

  it("finds at a refresh that somebody has changed the set", async () => {
    const state = await create();
    assert.deepEqual(((await harness.read(type, state)).outputs as ValueRecord)["pending"], []);
    harness.world.delivery.live.set("edge", "something else");

    const { outputs } = await harness.read(type, state);

    assert.deepEqual((outputs as ValueRecord)["pending"], [
      { host: "edge", what: 'bring back what was changed or deleted in "shop/keelson-shop"' },
    ]);
  });

  it("is not looked at in a run that is about other clusters, unless something new is wanted", async () => {
    const state = await create();
    const { delivery } = harness.world;
    delivery.live.set("edge", "something else");
    delivery.isWatched = (cluster) => cluster !== "edge";
    delivery.calls.length = 0;

    const { outputs } = await harness.read(type, state);
    assert.deepEqual([outputs, delivery.calls], [state.outputs, []]);

    await harness.update(type, state, inputs(second));
    assert.ok(delivery.calls.includes("apply edge"));
  });

  it("takes the app away with the resource", async () => {
    const state = await create();

    await harness.delete(type, state);

    assert.equal(harness.world.delivery.live.has("edge"), false);
  });

  it("names everything that is wrong with its inputs", async () => {
    const problems = await harness.check(type, {
      cluster: "edge",
      clusterId: "edge-id",
      store: "/var/lib",
      release: "latest",
      inventory: { name: "Shop", namespace: "shop" },
      drift: "ignore",
    });

    assert.deepEqual(
      problems.map((problem) => problem.split(" ")[0]),
      ["release", "store", "inventory.name", "drift"],
    );
  });
});

const service: KubeObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop" },
  spec: { ports: [{ port: 80 }] },
};

function inputs(release = first): ValueRecord {
  return {
    cluster: "edge",
    clusterId: "edge-id",
    store: "file:///var/lib/keelson/releases",
    release,
    inventory: { name: "keelson-shop", namespace: "shop" },
  };
}
