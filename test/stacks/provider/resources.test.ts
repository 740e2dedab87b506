import assert from "node:assert/strict";
import { Harness } from "./support/harness.ts";
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

  it("warns of what the removal of a worker left", async () => {
    harness.world.bootstrap.removeWorker = () => Promise.resolve(["Host w1 does not answer"]);
    const { id, outputs } = await harness.create("WorkerNode", worker());
    await harness.delete("WorkerNode", { id, inputs: worker(), outputs });
    assert.deepEqual(harness.notes, ["Host w1 does not answer"]);
  });
});
