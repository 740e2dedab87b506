import assert from "node:assert/strict";
import { Secret, type ValueRecord } from "../../../stacks/provider/values.ts";
import { Harness, InitFailed, type Answer } from "./support/harness.ts";
import { controlPlane, worker } from "./support/inputs.ts";

describe("the resources of a cluster", () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await Harness.start();
  });

  afterEach(() => {
    harness.stop();
  });

  it("tells bootstrap whether a cluster was up before", async () => {
    const told: (boolean | undefined)[] = [];
    const apply = harness.world.bootstrap.applyControlPlane;
    harness.world.bootstrap.applyControlPlane = (operation, request) => {
      told.push(request.exists);
      return apply(operation, request);
    };
    const { id, outputs } = await harness.create("ControlPlane", controlPlane());
    await harness.update("ControlPlane", { id, inputs: controlPlane(), outputs }, controlPlane("1.36.3"));
    assert.deepEqual(told, [false, true]);
  });

  it("tells bootstrap which control-plane hosts leave, also when an earlier run failed to remove them", async () => {
    const told: (readonly string[] | undefined)[] = [];
    const apply = harness.world.bootstrap.applyControlPlane;
    harness.world.bootstrap.applyControlPlane = async (operation, request) => {
      told.push(request.removed?.map(({ name, nodeAddress }) => `${name} ${nodeAddress}`));
      const state = await apply(operation, request);
      if (told.length === 2) throw new Error("died");
      return { ...state, left: ["Host cp1 does not answer"] };
    };
    const before = controlPlane();
    const moved = {
      ...before,
      hosts: { cp1: { ...(before.hosts["cp1"] as object), nodeAddress: "10.0.0.19" } },
    };
    const { id, outputs } = await harness.create("ControlPlane", before);
    const failure = await harness
      .update("ControlPlane", { id, inputs: before, outputs }, moved)
      .catch(partial);
    await harness.update("ControlPlane", { id, inputs: before, outputs: failure.outputs }, moved);
    assert.deepEqual(told, [[], ["cp1 10.0.0.11"], ["cp1 10.0.0.11"]]);
    assert.ok(harness.notes.includes("Host cp1 does not answer"));
  });

  it("has nothing to do on workers when the control plane's own settings change", async () => {
    const before = worker();
    const cluster = {
      ...(before["cluster"] as ValueRecord),
      controlPlane: { apiServer: { extraArgs: { v: 3 } } },
    };
    const { id, outputs } = await harness.create("WorkerNode", before);
    const { properties } = await harness.diff(
      "WorkerNode",
      { id, inputs: before, outputs },
      { ...before, cluster },
    );
    assert.deepEqual(properties, []);
  });

  it("tells bootstrap which workers follow, who are no difference to the control plane", async () => {
    const told: (readonly string[] | undefined)[] = [];
    const apply = harness.world.bootstrap.applyControlPlane;
    harness.world.bootstrap.applyControlPlane = (operation, request) => {
      told.push(request.ahead?.map(({ name }) => name));
      return apply(operation, request);
    };
    const host = worker()["host"] as ValueRecord;
    const before = { ...controlPlane(), ahead: { w1: host } };
    const { id, outputs } = await harness.create("ControlPlane", before);
    const { properties } = await harness.diff(
      "ControlPlane",
      { id, inputs: before, outputs },
      { ...before, ahead: { w1: host, w2: host } },
    );
    assert.deepEqual(told, [["w1"]]);
    assert.deepEqual(properties, []);
  });

  it("has nothing to do when a hook is new or changed: it accompanies changes", async () => {
    const hooks = { tell: { after: "join", script: new Secret("echo hello") } };
    const { cp1 } = controlPlane().hosts;
    for (const [type, before, later] of [
      ["WorkerNode", worker(), worker({ hooks })],
      ["ControlPlane", controlPlane(), { ...controlPlane(), hosts: { cp1: { ...(cp1 as object), hooks } } }],
    ] as const) {
      const { id, outputs } = await harness.create(type, before);
      const { properties } = await harness.diff(type, { id, inputs: before, outputs }, later);
      assert.deepEqual(properties, []);
    }
  });

  it("previews how a worker that is made anew leaves, and then how it comes, on a host that is reset by then", async () => {
    const later = { ...worker(), generation: 2 };
    const asked: unknown[] = [];
    const { applyWorker } = harness.world.bootstrap;
    harness.world.bootstrap.applyWorker = (operation, request) => {
      asked.push(request.afterReset);
      return applyWorker(operation, request);
    };
    const { id, outputs } = await harness.create("WorkerNode", worker());
    const { replaces } = await harness.diff("WorkerNode", { id, inputs: worker(), outputs }, later);
    await harness.create("WorkerNode", later, { preview: true });

    assert.deepEqual(replaces, ["generation"]);
    assert.deepEqual(asked, [undefined, true]);
    assert.deepEqual(harness.notes, ["w1: removeWorker; install packages; join"]);
  });

  it("warns of what the removal of a worker left", async () => {
    harness.world.bootstrap.removeWorker = () => Promise.resolve(["Host w1 does not answer"]);
    const { id, outputs } = await harness.create("WorkerNode", worker());
    await harness.delete("WorkerNode", { id, inputs: worker(), outputs });
    assert.deepEqual(harness.notes, ["Host w1 does not answer"]);
  });
});

function partial(error: unknown): Answer {
  if (error instanceof InitFailed) return error.answer;
  throw error;
}
