import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { SimulatedPlane } from "../support/simulated-plane.ts";

const three = ["cp1", "cp2", "cp3"];

describe("the joins of control-plane hosts", function () {
  // Whole plans; on a busy computer they take long.
  this.timeout(60_000);

  it("let the third host join when the second one votes, and what follows on that one goes on meanwhile", async () => {
    const plane = await SimulatedPlane.of(...three);
    plane.holdJoins(3);

    const done = await plane.run(three);

    const joins = done.indexOf("cp3: join the control plane with kubeadm");
    assert.ok(joins > done.indexOf("cp2: join the control plane with kubeadm"), done.join("\n"));
    assert.ok(joins < done.findIndex((intent) => intent.startsWith("cp2: set on the Node")), done.join("\n"));
    assert.deepEqual(plane.members(), three);
  });

  it("let nobody else join once a join has failed, and say why when no other runs any more", async () => {
    const five = [...three, "cp4", "cp5"];
    const plane = await SimulatedPlane.of(...five);
    const [second, third] = [plane.host("cp2"), plane.host("cp3")];
    second.afterVote = async () => {
      const before = third.ran.length;
      while (third.ran.length === before) await turn();
      second.afterVote = turn;
      throw new Error("the API server does not start");
    };

    await assert.rejects(plane.run(five), /the API server does not start/);

    assert.deepEqual(plane.members(), three);
    assert.notEqual(third.facts.kubernetes.initialized, undefined);
    await plane.run(five);
    assert.deepEqual(plane.members(), five);
  });

  it("let hosts go only when all that come are done", async () => {
    const plane = await SimulatedPlane.of(...three, "cp4", "cp5");
    await plane.run(three);
    plane.holdJoins(5);

    const done = await plane.run(["cp3", "cp4", "cp5"]);

    const leaves = done.findIndex((intent) => /^cp[12]: /.test(intent));
    const last = done.findLastIndex((intent) => /^cp[45]: set on the Node/.test(intent));
    assert.ok(last >= 0 && leaves > last, done.join("\n"));
  });
});
