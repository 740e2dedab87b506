import assert from "node:assert/strict";
import { parseFacts } from "../../bootstrap/facts/parse.ts";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import { factsText } from "../support/facts-text.ts";
import { type Costs, GrowingCluster } from "../support/growing-cluster.ts";

describe("adding a worker", () => {
  const costs = new Map<number, { readonly added: Costs; readonly looked: Costs }>();

  before(async () => {
    for (const workers of [1, 10, 100]) {
      const cluster = await GrowingCluster.of(workers);
      const looked = await cluster.lookAtWorkers();
      costs.set(workers, { added: await cluster.addWorker(), looked });
      await cluster.stop();
    }
  });

  it("costs the same commands, connections and requests however many workers there are", () => {
    const [one, ten, hundred] = [...costs.values()].map(({ added }) => spent(added));

    assert.deepEqual(ten, one);
    assert.deepEqual(hundred, one);
    assert.ok((one?.["requests"] ?? 0) > 0 && (one?.["commands"] ?? 0) > 0, JSON.stringify(one));
  });

  it("logs in to the new host and to one control plane alone", () => {
    for (const { added } of costs.values()) {
      const touched = Object.keys(added.commands).filter(
        (name) => (added.commands[name] ?? 0) + (added.dials[name] ?? 0) > 0,
      );

      assert.deepEqual(touched, ["cp1", Object.keys(added.commands).at(-1)]);
      assert.equal(added.commands["cp1"], 0);
    }
  });

  it("asks the API for the Node and the kubelet of each worker that is there already, and logs in to none", () => {
    for (const [workers, { looked }] of costs) {
      const commands = Object.values(looked.commands).reduce((sum, count) => sum + count, 0);

      assert.deepEqual({ commands, requests: looked.requests }, { commands: 0, requests: 2 * workers });
    }
  });
});

describe("the text of a simulated host's look", () => {
  it("is read as the facts that it was made of", () => {
    const facts = { ...blankFacts({ name: "w1" }), kernel: "6.1.0-18-amd64" };

    const read = parseFacts(factsText(facts), Date.now());

    assert.ok(Math.abs(read.clockOffsetMs) < 5000);
    const kubernetes = { ...facts.kubernetes, certificates: {}, servers: {} };
    const hostFiles = { found: {}, owned: [] };
    const nothing = { routerIds: [], resolves: {}, registries: {}, hostFiles, dueHooks: [] };
    assert.deepEqual({ ...read, clockOffsetMs: 0 }, { ...facts, ...nothing, kubernetes });
  });
});

/** Sums, without who it was. */
function spent({ commands, dials, requests }: Costs): Record<string, number> {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  return { commands: sum(commands), dials: sum(dials), requests };
}
