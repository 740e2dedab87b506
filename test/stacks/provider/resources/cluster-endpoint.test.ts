import assert from "node:assert/strict";
import type { ValueRecord } from "../../../../stacks/provider/values.ts";
import { Harness } from "../support/harness.ts";
import { clusterHosts, services } from "../support/inputs.ts";

/** The resource's inputs, of a cluster with one worker and this endpoint. */
function inputsWith(endpoint: ValueRecord, more: Readonly<Record<string, string>> = {}): ValueRecord {
  const { cluster, ...rest } = services();
  const { hosts } = clusterHosts(more);
  return { ...rest, hosts, cluster: { ...(cluster as ValueRecord), endpoint } };
}

const address = { mode: "address", host: "10.0.0.11", port: 6443 };
const vip = { mode: "vip", host: "10.0.0.100", port: 6443 };

describe("ClusterEndpoint", () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await Harness.start();
  });

  afterEach(() => {
    harness.stop();
  });

  it("has nothing to do for a new cluster, and settles the endpoint of a living one", async () => {
    const before = inputsWith(address);
    const { id, outputs } = await harness.create("ClusterEndpoint", before);
    assert.deepEqual(harness.world.calls, []);
    await harness.update("ClusterEndpoint", { id, inputs: before, outputs }, inputsWith(vip));
    assert.deepEqual(harness.world.calls, ["settleEndpoint"]);
  });

  it("differs if the endpoint does, whatever hosts come and go", async () => {
    const before = inputsWith(address);
    const { id, outputs } = await harness.create("ClusterEndpoint", before);
    const state = { id, inputs: before, outputs };
    const more = inputsWith(address, { w2: "10.0.0.22" });
    assert.deepEqual(await harness.diff("ClusterEndpoint", state, more), { properties: [], replaces: [] });
    const moved = await harness.diff("ClusterEndpoint", state, inputsWith(vip));
    assert.deepEqual(moved, { properties: ["cluster.endpoint.host", "cluster.endpoint.mode"], replaces: [] });
  });

  it("warns of hosts that keep what the former endpoint needed", async () => {
    harness.world.bootstrap.settleEndpoint = () => Promise.resolve(["w1"]);
    const before = inputsWith(address);
    const { id, outputs } = await harness.create("ClusterEndpoint", before);
    await harness.update("ClusterEndpoint", { id, inputs: before, outputs }, inputsWith(vip));
    assert.match(harness.notes.join(), /do not answer and keep what the former endpoint needed: w1$/);
  });
});
