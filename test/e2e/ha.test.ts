import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { ControlPlaneState } from "../../bootstrap/index.ts";
import { HaFleet } from "../support/ha-fleet.ts";
import { itLong } from "../support/long.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

describe("a cluster with three control planes", function () {
  this.timeout(600_000);
  let fleet: HaFleet;
  let state: ControlPlaneState;

  before(async function () {
    skipWithoutLocalMachines(this);
    fleet = await HaFleet.open("ha");
    await fleet.boot("cp1", "cp2", "cp3", "w1");
  });

  after(() => fleet.close());

  it("comes up with every host a voting member, and has nothing to do the second time", async () => {
    ({ state } = await fleet.apply(["cp1", "cp2", "cp3"]));

    assert.deepEqual(await fleet.members("cp3"), ["cp1", "cp2", "cp3"]);
    assert.deepEqual(await fleet.nodes(state), ["cp1", "cp2", "cp3", "w1"]);
    assert.deepEqual((await fleet.apply(["cp1", "cp2", "cp3"])).intents, []);
  });

  it("gives pods a network between nodes, names, services and enforced policies", async () => {
    const proof = await readFile(new URL("../support/pod-network.sh", import.meta.url), "utf8");

    assert.equal(
      await fleet.run("cp1", "sh -s", { stdin: proof }),
      "between nodes: ok\nname: ok\nservice: ok\ndenied: ok\nrestored: ok\n",
    );
  });

  it("answers without the host that made it", async () => {
    await fleet.powerOff("cp1");

    assert.deepEqual(await fleet.nodes(state), ["cp1", "cp2", "cp3", "w1"]);
    assert.deepEqual(await fleet.members("cp2"), ["cp1 down", "cp2", "cp3"]);
  });

  itLong("takes another host in its place, as previewed, and says what it could not clean", async () => {
    await fleet.boot("cp4");
    const wanted = ["cp2", "cp3", "cp4"];

    const previewed = await fleet.apply(wanted, { preview: true });
    const done = await fleet.apply(wanted);

    assert.deepEqual(ofControlPlane(done.intents), ofControlPlane(previewed.intents));
    assert.match(done.state.left?.join() ?? "", /^Host cp1 does not answer and was not reset/);
    assert.deepEqual(await fleet.members("cp2"), ["cp2", "cp3", "cp4"]);
    assert.deepEqual(await fleet.nodes(done.state), ["cp2", "cp3", "cp4", "w1"]);
  });
});

/** How long a dead Node still counts as ready, and is drained, is up to the cluster; so is when its services run. */
function ofControlPlane(intents: readonly string[]): readonly string[] {
  return intents.filter((intent) => intent.startsWith("cp") && !intent.includes(": drain the Node")).sort();
}
