import assert from "node:assert/strict";
import fc from "fast-check";
import type { FleetCluster } from "../../../clusters/fleet/fleet.ts";
import { where } from "../../../clusters/fleet/select.ts";
import { resolveWaves } from "../../../clusters/waves/resolve.ts";
import { canary, matching, percent, rest, safeWaves, waves } from "../../../clusters/waves/waves.ts";
import { ProblemsError } from "../../../errors.ts";
import { fleets } from "../../support/fleets.ts";

const cluster = (name: string, stage = "prod"): FleetCluster => ({ name, labels: { stage }, taints: [] });
const ten = Array.from({ length: 10 }, (_, index) => cluster(`c${index}`));

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    assert.ok(error instanceof ProblemsError);
    return error.problems.map(({ where: place, message }) => `${place}: ${message}`);
  }
}

const anyWave = fc.oneof(
  fc.integer({ min: 1, max: 3 }).map((count) => canary(count)),
  fc.integer({ min: 1, max: 100 }).map((share) => percent(share)),
  fc.constantFrom("metal", "aws").map((provider) => matching(where({ provider }))),
);

describe("resolveWaves()", () => {
  it("puts every cluster into exactly one wave, or says which it cannot", () => {
    fc.assert(
      fc.property(
        fleets,
        fc.array(anyWave, { maxLength: 4 }),
        fc.boolean(),
        ({ clusters }, some, withRest) => {
          const all = clusters.map(({ name }) => name);
          const list = withRest ? [...some, rest()] : some;

          try {
            const members = resolveWaves(list, clusters).flatMap((wave) => wave.clusters);
            assert.deepEqual(members.toSorted(), all.toSorted());
          } catch (error) {
            assert.ok(error instanceof ProblemsError);
            for (const { where: place, message } of error.problems) {
              const isCluster = all.includes(place) && /no wave takes it|two waves take it/.test(message);
              assert.ok(isCluster || /^waves\[\d\] \(provider=\w+\)$/.test(place));
              assert.ok(!withRest || !/no wave takes it/.test(message));
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("begins with one cluster, goes on with a quarter of all, and ends with the rest", () => {
    const sizes = resolveWaves(safeWaves().waves, ten).map(({ name, clusters }) => [name, clusters.length]);

    assert.deepEqual(sizes, [
      ["canary", 1],
      ["25 %", 3],
      ["rest", 6],
    ]);
  });

  it("leaves out waves that nothing is left for", () => {
    assert.deepEqual(resolveWaves(safeWaves().waves, [cluster("only")]), [
      { name: "canary", approval: false, clusters: ["only"] },
    ]);
  });

  it("takes as a canary one that answers", () => {
    const resolved = resolveWaves([canary(1), rest()], ten, new Set(["c0", "c1"]));

    assert.deepEqual(resolved[0]?.clusters, ["c2"]);
    assert.equal(resolved[1]?.clusters.length, 9);
  });

  it("keeps clusters that a selector names out of the other waves", () => {
    const staged = [...ten, cluster("a", "test")];
    const resolved = resolveWaves(
      [canary(1), matching(where({ stage: "test" })), rest({ approval: true })],
      staged,
    );

    assert.deepEqual(resolved.slice(0, 2), [
      { name: "canary", approval: false, clusters: ["c0"] },
      { name: "stage=test", approval: false, clusters: ["a"] },
    ]);
    assert.equal(resolved[2]?.approval, true);
  });

  it("names clusters without a wave, clusters in two, selectors without a cluster, and waves after the rest", () => {
    assert.deepEqual(
      problemsOf(() => resolveWaves([canary(9)], ten)),
      ["c9: no wave takes it, end with rest()"],
    );
    const prod = matching(where({ stage: "prod" }));
    const same = matching(where({ name: "c0" }));
    assert.deepEqual(
      problemsOf(() => resolveWaves([prod, same], ten)),
      ["c0: two waves take it"],
    );
    assert.deepEqual(
      problemsOf(() => resolveWaves([matching(where({ stage: "tset" })), rest(), canary()], ten)),
      [
        "waves[0] (stage=tset): it matches no cluster of the release",
        "waves[1] (rest): waves after the rest get nothing",
      ],
    );
  });
});

describe("waves()", () => {
  it("allows no failure and goes back if nothing else is said", () => {
    assert.deepEqual(waves([rest()]).rules, { maxFailures: 0, onFailure: "rollback", deadlineSeconds: 600 });
  });

  for (const [title, work] of [
    ["no canary", () => canary(0)],
    ["no share", () => percent(0)],
    ["more than all", () => percent(101)],
    ["half a failure", () => waves([rest()], { maxFailures: 0.5 })],
    ["no time", () => waves([rest()], { deadlineSeconds: 0 })],
  ] as const) {
    it(`refuses ${title}`, () => {
      assert.throws(work, /^KeelsonError: Cannot roll out in waves: /);
    });
  }
});
