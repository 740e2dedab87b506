import assert from "node:assert/strict";
import { Harness } from "../support/harness.ts";
import { clusterHosts } from "../support/inputs.ts";

describe("ClusterHosts", () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await Harness.start();
  });
  afterEach(() => {
    harness.stop();
  });

  for (const preview of [true, false]) {
    it(`refuses another name for a control-plane host in ${preview ? "a preview" : "an update"}`, async () => {
      const created = await harness.create("ClusterHosts", clusterHosts());
      const { cp1, ...others } = clusterHosts().hosts;
      const renamed = { ...clusterHosts(), hosts: { ...others, main: cp1! } };

      await assert.rejects(
        harness.update("ClusterHosts", { ...created, inputs: clusterHosts() }, renamed, preview),
        /main: is node "cp1" under the name "cp1" already.*\[KEELSON_HOST_OWNED\]\n.*Keep the name "cp1"/,
      );
      assert.deepEqual(harness.world.calls, ["inspectHosts"]);
    });
  }

  it("takes another name for a worker", async () => {
    const created = await harness.create("ClusterHosts", clusterHosts());
    const { w1, ...others } = clusterHosts().hosts;
    const renamed = { ...clusterHosts(), hosts: { ...others, web1: w1! } };

    const { outputs } = await harness.update("ClusterHosts", { ...created, inputs: clusterHosts() }, renamed);

    assert.deepEqual(Object.keys((outputs as { facts: object }).facts).sort(), ["cp1", "web1"]);
  });

  it("lets one host leave and another come in the same run", async () => {
    const created = await harness.create("ClusterHosts", clusterHosts());
    const later = clusterHosts({ w2: "10.0.0.22" });
    delete later.hosts["w1"];

    await harness.update("ClusterHosts", { ...created, inputs: clusterHosts() }, later);

    assert.deepEqual(harness.world.calls, ["inspectHosts", "inspectHosts"]);
  });
});
