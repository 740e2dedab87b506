import assert from "node:assert/strict";
import fc from "fast-check";
import type { FleetCluster } from "../../../clusters/fleet/fleet.ts";
import { choose, keepsSpreads } from "../../../clusters/placement/choose.ts";
import type { Priced } from "../../../clusters/placement/choose.ts";
import { subsets } from "../../support/subsets.ts";

const candidates: fc.Arbitrary<readonly Priced[]> = fc
  .array(
    fc.record({
      region: fc.constantFrom("r1", "r2", "r3"),
      provider: fc.constantFrom("p1", "p2"),
      cost: fc.integer({ min: -20, max: 20 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((facts) =>
    facts.map(({ cost, ...where }, index) => ({
      cost,
      candidate: { cluster: { name: `c${index}`, labels: {}, taints: [], ...where }, held: 0, room: 1 },
    })),
  );

const spreads = fc
  .uniqueArray(fc.constantFrom("region", "provider"), { maxLength: 2 })
  .chain((keys) =>
    fc.tuple(
      ...keys.map((by) => fc.record({ by: fc.constant(by), maxSkew: fc.integer({ min: 1, max: 2 }) })),
    ),
  );

const others: fc.Arbitrary<readonly FleetCluster[]> = fc
  .array(fc.record({ region: fc.constantFrom("r1", "r4"), provider: fc.constantFrom("p1", "p3") }), {
    maxLength: 1,
  })
  .map((facts) => facts.map((where) => ({ name: "full", labels: {}, taints: [], ...where })));

describe("choose()", () => {
  it("finds the cheapest choice that keeps all spreads, or none where there is none", () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 1, max: 5 }), spreads, others, (all, count, rules, full) => {
        const clusters = [...all.map(({ candidate }) => candidate.cluster), ...full];
        const chosen = choose(all, { count, spreads: rules, among: clusters });

        const valid = subsets(all, count).filter((some) =>
          keepsSpreads(
            some.map(({ candidate }) => candidate.cluster),
            clusters,
            rules,
          ),
        );
        assert.equal(chosen === undefined, valid.length === 0);
        if (chosen === undefined) return;
        assert.equal(chosen.length, count);
        assert.ok(
          keepsSpreads(
            chosen.map(({ cluster }) => cluster),
            clusters,
            rules,
          ),
        );
        const paid = all.filter(({ candidate }) => chosen.includes(candidate));
        assert.equal(price(paid), Math.min(...valid.map(price)));
      }),
      { numRuns: 300 },
    );
  });
});

describe("keepsSpreads()", () => {
  const inRegion = (name: string, region: string): FleetCluster => ({ name, region, labels: {}, taints: [] });
  const fleet = [inRegion("a", "r1"), inRegion("b", "r1"), inRegion("c", "r2")];

  it("counts the values that nobody was chosen of", () => {
    assert.ok(!keepsSpreads(fleet.slice(0, 2), fleet, [{ by: "region", maxSkew: 1 }]));
    assert.ok(keepsSpreads(fleet.slice(1), fleet, [{ by: "region", maxSkew: 1 }]));
  });
});

function price(some: readonly Priced[]): number {
  return some.reduce((total, { cost }) => total + cost, 0);
}
