import assert from "node:assert/strict";
import { residue } from "../../bootstrap/index.ts";
import { hostAnnotation, ownerAnnotation } from "../../bootstrap/node-settings.ts";
import type { NodeView } from "../../bootstrap/phases/node.ts";
import { workerPlan } from "../../bootstrap/plan.ts";
import { removeWorker } from "../../bootstrap/remove-worker.ts";
import { runPlan } from "../../bootstrap/run-plan.ts";
import { cluster, clusterHost, identity, operationOn, viewOf } from "../support/bootstrap.ts";
import { FakeCluster, fakeNode, fakePod } from "../support/fake-cluster.ts";
import { FakeRunner, fakePool } from "../support/fake-runner.ts";
import { SimulatedHost } from "../support/simulated-host.ts";

const wanted = clusterHost("worker");
const { clusterId } = identity;

/** Lets that many steps of hosts and intents pass, then none any more. Tells how many passed. */
class Fate {
  taken = 0;
  readonly #steps: number;

  constructor(steps = Number.POSITIVE_INFINITY) {
    this.#steps = steps;
  }

  readonly step = (): void => {
    if (this.taken >= this.#steps) throw new Error("died");
    this.taken += 1;
  };
}

async function join(host: SimulatedHost, fate = new Fate()): Promise<readonly string[]> {
  host.tick = fate.step;
  const { operation, intents } = operationOn([host], { onPhase: fate.step });
  const look = (): Promise<NodeView> => Promise.resolve(viewOf(host, wanted));
  await runPlan(operation, { host: wanted.name, runner: host, look, judge: () => undefined }, workerPlan);
  return intents;
}

async function remove(host: SimulatedHost, api: FakeCluster, fate = new Fate()): Promise<void> {
  host.tick = fate.step;
  const controlPlane = new FakeRunner("cp1");
  controlPlane.dialer = api.dial;
  const { operation } = operationOn([], { pool: fakePool(host, controlPlane), onPhase: fate.step });
  await removeWorker(operation, {
    ...{ cluster, clusterId, caCertificate: "CA" },
    access: {
      kubeconfig: api.kubeconfig,
      controlPlane: [{ ...clusterHost("controlPlane"), connection: { address: "10.0.0.11" } }],
    },
    host: { ...wanted, connection: { address: "10.0.0.21" } },
  });
}

/** Most of it is waiting. */
async function atEachOf(steps: number, work: (fate: Fate) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: steps }, (_, taken) => work(new Fate(taken))));
}

function ignoreDeath(error: unknown): void {
  if (!(error instanceof Error) || !error.message.includes("died")) throw error;
}

describe("a worker whose runs are killed", function () {
  // Many runs of a whole plan; on a busy computer they take long.
  this.timeout(120_000);

  it("joins whichever step of an earlier join was the last", async () => {
    const smooth = new SimulatedHost("w1");
    const whole = new Fate();
    await join(smooth, whole);

    await atEachOf(whole.taken, async (fate) => {
      const host = new SimulatedHost("w1");
      await join(host, fate).catch(ignoreDeath);
      await join(host);

      assert.deepEqual(host.facts, smooth.facts, `after ${String(fate.taken)} steps`);
      assert.deepEqual(await join(host), []);
    });
  });

  it("leaves, and comes back under the same address, whichever step of an earlier removal was the last", async () => {
    const { taken } = await replaced(new Fate());
    await atEachOf(taken, replaced);
  });

  /** Joins, begins to leave, leaves, and joins again. */
  async function replaced(fate: Fate): Promise<Fate> {
    const host = new SimulatedHost("w1");
    await join(host);
    const annotations = { [ownerAnnotation]: clusterId, [hostAnnotation]: "w1" };
    const nodes = [fakeNode("w1", { metadata: { annotations } }), fakeNode("w2")];
    const api = await FakeCluster.start(nodes, [fakePod("web-1", "w1")]);
    try {
      await remove(host, api, fate).catch(ignoreDeath);
      await remove(host, api);

      assert.deepEqual(residue(host.facts), [], `after ${String(fate.taken)} steps`);
      assert.deepEqual([...api.nodes.keys()], ["w2"]);
      await host.api.deleteNode("w1");
      assert.ok((await join(host)).includes("join the cluster with kubeadm"));
      return fate;
    } finally {
      await api.stop();
    }
  }
});
