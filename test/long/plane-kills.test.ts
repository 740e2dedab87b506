import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlPlaneJoinPlan } from "../../bootstrap/plan.ts";
import { DoomedRun, killAt, type Start } from "../support/doomed-run.ts";
import { HaFleet } from "../support/ha-fleet.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";
import { isOnMachine, startPlane } from "../support/start-plane.ts";

const name = "planekills";
const three = ["cp1", "cp2", "cp3"];
/** Is written when kubeadm is done. */
const mark = "etc/keelson/initialized";
const exchanged = ["cp2", "cp3", "cp4"];

/** Nothing to do when a minimal Debian joins behind a load balancer; what kubeadm leaves runs. */
const idle = new Set([
  "first boot",
  "proxy",
  "files",
  "needrestart",
  "firewall",
  "registries",
  "balancer",
  "certificate names",
  "component patches",
  "virtual address",
  "certificates",
  "kubelet running",
  "etcd quota",
  "control plane settings",
  "API ready",
  "API certificate",
  "endpoint clients",
  "kubelet settings",
  "former files",
]);
/** What makes work for a phase that a new host does not need. */
const damages: Readonly<Record<string, string>> = {
  swap: "echo '/swap none swap sw 0 0' >>/etc/fstab",
};
const boundaries = controlPlaneJoinPlan.flat().map(({ title }) => title);

describe("a run that changes the control plane and is killed", function () {
  this.timeout(900_000);
  let fleet: HaFleet;
  let folder: string;

  before(async function () {
    skipWithoutLocalMachines(this);
    folder = await mkdtemp(join(tmpdir(), "keelson-planekills-"));
    fleet = await HaFleet.open(name);
    await fleet.boot("cp1", "cp2", "w1");
    await fleet.apply(["cp1"]);
    await fleet.boot("cp3");
  });

  after(async () => {
    await fleet.close();
    await rm(folder, { recursive: true, force: true });
  });

  function starter(wanted: readonly string[]): Promise<Start> {
    return startPlane(fleet, folder, wanted);
  }

  for (const title of boundaries.filter((each) => !idle.has(each))) {
    it(`goes on after it died at "${title}" of a host that joins`, async () => {
      await fleet.run("cp2", damages[title] ?? "true");

      await killAt(`Plane:${title}`, "run", await starter(three));
    });
    if (title === "join control plane") insideJoin();
  }

  it("converges after all that", async () => {
    await fleet.apply(three);

    assert.deepEqual(await fleet.members("cp1"), three);
    assert.deepEqual((await fleet.apply(three)).intents, []);
  });

  it("goes on after it died between the removal of the first host's member and the clearing of that host", async () => {
    await fleet.run("cp1", `systemctl stop kubelet && rm /${mark}`);

    await killAt("Plane:clear", "run", await starter(three));

    assert.deepEqual(await fleet.members("cp2"), ["cp2", "cp3"]);
    await fleet.apply(three);
    assert.deepEqual(await fleet.members("cp1"), three);
  });

  for (const title of ["leave", "reset"]) {
    it(`goes on after it died at "${title}" of the first host, which another one replaces`, async () => {
      await fleet.boot("cp4");

      await killAt(`Plane:${title}`, "run", await starter(exchanged));
    });
  }

  it("ends without the first host after all that", async () => {
    const { state } = await fleet.apply(exchanged);

    assert.deepEqual(await fleet.members("cp2"), exchanged);
    assert.deepEqual(await fleet.nodes(state), [...exchanged, "w1"]);
    assert.deepEqual((await fleet.apply(exchanged)).intents, []);
  });

  /** kubeadm adds a learner, and then writes the manifest that starts it. */
  function insideJoin(): void {
    it("goes on after it died and the host lost its power between the member's addition and its promotion", async () => {
      const run = new DoomedRun(await starter(three));
      await run.until("etcd's manifest", () =>
        isOnMachine(fleet, "cp2", "etc/kubernetes/manifests/etcd.yaml"),
      );
      await Promise.all([fleet.powerOff("cp2"), run.kill()]);

      assert.match((await fleet.members("cp1")).join(), / learns down/);
      assert.equal(await isOnMachine(fleet, "cp2", mark), undefined);
      await fleet.powerOn("cp2");
    });

    it("goes on after it died again while it cleared what was left of that join", async () => {
      await killAt("Plane:clear", "run", await starter(three));
    });

    it("goes on after it died and the host lost its power between the promotion and the host's mark", async () => {
      const run = new DoomedRun(await starter(three));
      await run.until("a second vote", () => fleet.votes("cp2", "cp1"));
      await Promise.all([fleet.powerOff("cp2"), run.kill()]);

      assert.equal(await isOnMachine(fleet, "cp2", mark), undefined);
      await fleet.powerOn("cp2");
    });
  }
});
