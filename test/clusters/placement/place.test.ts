import assert from "node:assert/strict";
import { everywhere, where } from "../../../clusters/fleet/select.ts";
import { divide, only, place } from "../../../clusters/placement/place.ts";

const prod = where({ env: "prod" });

// The compiler fails if one of these compiles: `npm run types` is the first half of this test.
const refused: readonly (() => unknown)[] = [
  // @ts-expect-error: nothing can be picked among clusters that are named
  () => place(only("eu1")).pick(1),
  // @ts-expect-error: clusters that are named have no fallback
  () => place(only("eu1")).fallback(prod),
  // @ts-expect-error: all clusters cannot be spread
  () => place(prod).spread({ by: "region", maxSkew: 1 }),
  // @ts-expect-error: clusters are picked once
  () => place(prod).pick(2).pick(1),
  // @ts-expect-error: so many on each cluster leave nothing that could overflow
  () => place(prod).pick(2).replicas(3).overflow(everywhere()),
  // @ts-expect-error: clusters that are named have no overflow
  () => place(only("eu1")).replicas(divide.evenly(3)).overflow(everywhere()),
  // @ts-expect-error: there is no third spread
  () => place(prod).pick(2).spread({ by: "a", maxSkew: 1 }, { by: "b", maxSkew: 1 }, { by: "c", maxSkew: 1 }),
  // @ts-expect-error: no cluster is named
  () => place(only()),
];

describe("place()", () => {
  it("does not compile where the words make no sense together", () => {
    assert.equal(refused.length, 8);
  });

  it("means every matching cluster and two replicas on each if nothing else is said", () => {
    assert.deepEqual(place(prod).rule, {
      choice: "all",
      tiers: [prod],
      replicas: { kind: "each", count: 2 },
      tolerations: [],
      overflow: [],
    });
  });

  it("keeps every word that was said", () => {
    const [dr, cloud] = [where({ pool: "dr" }), where({ pool: "cloud" })];
    const { rule } = place(prod)
      .pick(2)
      .spread({ by: "region", maxSkew: 1 })
      .fallback(dr)
      .replicas(divide.byCapacity(12))
      .overflow(cloud)
      .tolerate({ key: "gpu" });

    assert.deepEqual(rule, {
      choice: "pick",
      count: 2,
      spread: [{ by: "region", maxSkew: 1 }],
      tiers: [prod, dr],
      overflow: [cloud],
      replicas: { kind: "divided", total: 12, by: "capacity" },
      tolerations: [{ key: "gpu" }],
    });
  });

  for (const count of [0, -1, 1.5, NaN]) {
    it(`refuses ${count} as a number of clusters or replicas`, () => {
      assert.throws(() => place(prod).pick(count), /not a whole number from 1/);
      assert.throws(() => place(prod).replicas(count), /not a whole number from 1/);
      assert.throws(() => divide.byCost(count), /not a whole number from 1/);
    });
  }
});
