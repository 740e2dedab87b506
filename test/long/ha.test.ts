import assert from "node:assert/strict";
import { residue } from "../../bootstrap/index.ts";
import { gatherFacts } from "../../bootstrap/facts/gather.ts";
import { HaFleet } from "../support/ha-fleet.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const askOwnApi =
  "kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://127.0.0.1:6443 --request-timeout=5s get --raw /readyz";
const all = ["cp1", "cp2", "cp3", "cp4", "cp5"];

describe("control planes that come and go", function () {
  this.timeout(900_000);
  let fleet: HaFleet;

  before(async function () {
    skipWithoutLocalMachines(this);
    fleet = await HaFleet.open("plane");
    await fleet.boot("cp1", "w1");
  });

  after(() => fleet.close());

  async function becomes(...wanted: readonly string[]): Promise<void> {
    const { state } = await fleet.apply(wanted);
    assert.deepEqual(await fleet.members(wanted[0] ?? ""), wanted);
    assert.deepEqual(await fleet.nodes(state), [...wanted, "w1"]);
    assert.deepEqual((await fleet.apply(wanted)).intents, []);
  }

  it("grow from one to three to five", async () => {
    await becomes("cp1");
    await fleet.boot("cp2", "cp3");
    await becomes("cp1", "cp2", "cp3");
    await fleet.boot("cp4", "cp5");
    await becomes(...all);
  });

  it("come back by themselves, or by an apply, after all of them lost power together", async () => {
    await Promise.all(all.map((name) => fleet.powerOff(name)));
    await fleet.powerOn(...all);
    await becomes(...all);
  });

  it("replace a host that was installed anew, its stale member first", async () => {
    await fleet.reinstall("cp2");
    const { intents } = await fleet.apply(all);
    assert.ok(intents.includes("cp2: remove its stale member from etcd"));
    assert.deepEqual(await fleet.members("cp1"), all);
  });

  it("join a host anew whose join was cut off before it was complete", async () => {
    await fleet.run("cp2", "systemctl stop kubelet && rm /etc/keelson/initialized");
    const { intents } = await fleet.apply(all);
    assert.ok(intents.includes("cp2: take the remains of an unfinished control plane off the host"));
    assert.deepEqual(await fleet.members("cp1"), all);
  });

  it("shrink to three without the first of them, and leave nothing on the hosts that left", async () => {
    await becomes("cp3", "cp4", "cp5");
    for (const name of ["cp1", "cp2"]) {
      const { connection } = fleet.host(name);
      assert.ok(connection);
      const facts = await gatherFacts(fleet.pool.get(name, connection), {
        files: [],
        units: {},
        traces: true,
      });
      assert.deepEqual(residue(facts), []);
    }
  });

  it("refuse what would lose the quorum, with the arithmetic", async () => {
    await Promise.all([fleet.powerOff("cp3"), fleet.powerOff("cp4")]);
    await fleet.run("cp5", `until ! ${askOwnApi}; do sleep 1; done`);

    await assert.rejects(fleet.apply(["cp5"]), {
      code: "KEELSON_QUORUM_LOST",
      message: /1 of 3 voting members healthy, 2 needed \(down: cp3, cp4\)/,
    });
    await fleet.powerOn("cp3", "cp4");
  });

  it("shrink to one while another is dead", async () => {
    await fleet.powerOff("cp4");
    const { state } = await fleet.apply(["cp5"]);
    assert.match(state.left?.join() ?? "", /Host cp4 does not answer/);
    assert.deepEqual(await fleet.members("cp5"), ["cp5"]);
    assert.deepEqual(await fleet.nodes(state), ["cp5", "w1"]);
  });
});
