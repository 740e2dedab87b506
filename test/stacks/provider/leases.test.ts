import assert from "node:assert/strict";
import { KeelsonError } from "../../../errors.ts";
import type { Value } from "../../../stacks/provider/values.ts";
import { untilAborted } from "./support/fake-world.ts";
import { failureOf, Harness, type State } from "./support/harness.ts";
import { controlPlane, services, worker } from "./support/inputs.ts";

describe("a cluster that others may change", () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await Harness.start();
  });

  afterEach(() => {
    harness.stop();
  });

  async function made(type: string, inputs: Value): Promise<State> {
    const { id, outputs } = await harness.create(type, inputs);
    return { id, inputs, outputs };
  }

  it("is held for all that changes it, and for nothing else", async () => {
    await harness.create("WorkerNode", worker(), { preview: true });
    const state = await made("ControlPlane", controlPlane());
    await harness.read("ControlPlane", state);
    assert.deepEqual(harness.world.leased, []);
    await made("ClusterServices", services());
    const node = await made("WorkerNode", worker());
    await harness.update("ControlPlane", state, controlPlane());
    await harness.delete("WorkerNode", node);
    assert.deepEqual(harness.world.leased, Array<string>(4).fill("hold east"));
  });

  it("is given back when the engine ends the run, but not before the work in flight has ended", async () => {
    harness.world.bootstrap.applyWorker = async ({ signal, onIntent }) => {
      onIntent({ host: "w1", what: "join" });
      const heldMeanwhile = harness.cancel().then(() => [...harness.world.leased]);
      const [ended] = await Promise.allSettled([untilAborted(signal), heldMeanwhile]);
      assert.deepEqual(await heldMeanwhile, ["hold east"]);
      if (ended.status === "rejected") throw ended.reason;
    };
    await failureOf(harness.create("WorkerNode", worker()));
    assert.deepEqual(harness.world.leased, ["hold east", "release"]);
  });

  it("is not changed while another run holds it", async () => {
    const reason = "Cannot change cluster: it is held by ann@laptop";
    harness.world.leases.hold = () => Promise.reject(new KeelsonError("KEELSON_LOCKED", reason));
    await assert.rejects(harness.create("WorkerNode", worker()), /held by ann@laptop \[KEELSON_LOCKED\]/);
    assert.deepEqual(harness.world.changes, []);
  });

  it("is left alone as soon as another run took it over", async () => {
    const lost = new AbortController();
    harness.world.leases.hold = () => Promise.resolve(lost.signal);
    harness.world.bootstrap.applyWorker = ({ signal, onIntent }) => {
      onIntent({ host: "w1", what: "join" });
      const ended = untilAborted(signal);
      lost.abort();
      return ended;
    };
    const failure = await failureOf(harness.create("WorkerNode", worker()));
    assert.match(failure.message, /KEELSON_ABORTED/);
  });
});
