import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlPlaneJoinUnit } from "../../bootstrap/phases/join-control-plane.ts";
import { unitPrefix } from "../../bootstrap/unit.ts";
import { DoomedRun } from "../support/doomed-run.ts";
import { HaFleet } from "../support/ha-fleet.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";
import { isOnMachine, startPlane } from "../support/start-plane.ts";

const three = ["cp1", "cp2", "cp3"];
const exchanged = ["cp2", "cp3", "cp4"];
/** Is written when kubeadm is done. */
const mark = "etc/keelson/initialized";

describe("two control planes that join at once", function () {
  this.timeout(900_000);
  let fleet: HaFleet;
  let folder: string;

  before(async function () {
    skipWithoutLocalMachines(this);
    folder = await mkdtemp(join(tmpdir(), "keelson-overlap-"));
    fleet = await HaFleet.open("overlap");
    await fleet.boot(...three, "w1");
    await fleet.apply(["cp1"]);
  });

  after(async () => {
    await fleet.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("hold the cluster although neither was done when the run died, all hosts lost power and the first one never came back", async () => {
    const run = new DoomedRun(await startPlane(fleet, folder, three));
    await run.until("a second vote", () => fleet.votes("cp2", "cp1"));
    await fleet.run("cp2", `systemctl kill --signal=STOP ${unitPrefix}${controlPlaneJoinUnit}.service`);
    await run.until("a third vote", () => fleet.votes("cp3", "cp1"));
    await Promise.all([...three.map((host) => fleet.powerOff(host)), run.kill()]);
    for (const host of ["cp2", "cp3"]) assert.equal(await isOnMachine(fleet, host, mark), undefined, host);
    await fleet.powerOn("cp2", "cp3");
    await fleet.boot("cp4");

    const { state } = await fleet.apply(exchanged);

    assert.deepEqual(await fleet.members("cp4"), exchanged);
    assert.deepEqual(await fleet.nodes(state), [...exchanged, "w1"]);
    assert.deepEqual((await fleet.apply(exchanged)).intents, []);
  });
});
