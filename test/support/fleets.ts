import fc from "fast-check";
import { defineFleet } from "../../clusters/fleet/define-fleet.ts";
import type { Capacity, ClusterFacts, Fleet, FleetCluster, Price } from "../../clusters/fleet/fleet.ts";
import { everywhere, where } from "../../clusters/fleet/select.ts";
import type { Selector } from "../../clusters/fleet/select.ts";
import { divide, only, place } from "../../clusters/placement/place.ts";
import type { Place } from "../../clusters/placement/place.ts";
import type { PickOf, PlacedApp, Placement, Replicas, Spread } from "../../clusters/placement/placement.ts";

/** Names of the clusters that generated fleets are made of. */
export const clusterNames = ["c1", "c2", "c3", "c4", "c5", "c6", "c7"] as const;

export const capacities: fc.Arbitrary<Capacity> = fc.record({
  cpu: fc.integer({ min: 0, max: 8 }),
  memoryGib: fc.integer({ min: 0, max: 16 }),
});

export const prices: fc.Arbitrary<Price> = fc.record({
  cpuHour: fc.integer({ min: 0, max: 9 }),
  gibHour: fc.integer({ min: 0, max: 9 }),
});

const taint = fc.record({
  key: fc.constantFrom("maintenance", "gpu"),
  effect: fc.constantFrom("NoSchedule", "NoExecute", "PreferNoSchedule"),
});

/** What a cluster is and where, all of it declared. */
export const places: fc.Arbitrary<ClusterFacts> = fc.record({
  provider: fc.constantFrom("metal", "aws"),
  region: fc.constantFrom("r1", "r2", "r3"),
  labels: fc.record({
    env: fc.constantFrom("prod", "prod", "dev"),
    pool: fc.constantFrom("main", "main", "dr", "cloud"),
  }),
  taints: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(taint, { maxLength: 2 }) },
  ),
});

/** Fleets of which every fact is known. */
export const fleets: fc.Arbitrary<Fleet> = fleetsOf(
  fc
    .tuple(places, capacities, prices)
    .map(([where, capacity, price]): ClusterFacts => ({ ...where, capacity, price })),
);

/** Fleets with room for everything, since nothing is known of their capacity. */
export const roomyFleets: fc.Arbitrary<Fleet> = fleetsOf(places);

/** Fleets of clusters that are like this. */
export function fleetsOf(facts: fc.Arbitrary<ClusterFacts>): fc.Arbitrary<Fleet> {
  return fc
    .dictionary(fc.constantFrom(...clusterNames), facts, { minKeys: 1, noNullPrototype: true })
    .map((clusters) => defineFleet(clusters));
}

const selectors: fc.Arbitrary<Selector> = fc.constantFrom(
  everywhere(),
  where({ env: "prod" }),
  where({ pool: "main" }),
  where({ pool: "dr" }),
  where({ provider: "metal" }),
);

/** At most two spreads. */
export const spreads: fc.Arbitrary<readonly Spread[]> = fc
  .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }), fc.nat(2))
  .map(([first, second, count]) => {
    const [region, provider] = [
      { by: "region", maxSkew: first },
      { by: "provider", maxSkew: second },
    ];
    if (count === 0) return [];
    return count === 1 ? [region] : [region, provider];
  });

/** Placements of every kind. */
export const placements: fc.Arbitrary<{ readonly rule: Placement }> = fc
  .record({
    kind: fc.constantFrom("all", "pick", "only"),
    selector: selectors,
    fallback: fc.array(selectors, { maxLength: 2 }),
    overflow: fc.array(selectors, { maxLength: 2 }),
    count: fc.integer({ min: 1, max: 4 }),
    spreads,
    tolerates: fc.boolean(),
    replicas: fc.oneof(fc.integer({ min: 1, max: 3 }), divisions()),
    names: fc.uniqueArray(fc.constantFrom(...clusterNames), { minLength: 1, maxLength: 3 }),
  })
  .map(({ kind, selector, fallback, overflow, count, spreads: spread, tolerates, replicas, names }) => {
    const tolerations = tolerates ? [{ key: "maintenance" }] : [];
    if (kind === "only") {
      const [first = "c1", ...others] = names;
      const named = place(only(first, ...others)).tolerate(...tolerations);
      return typeof replicas === "number" ? named.replicas(replicas) : named.replicas(replicas);
    }
    const target = place(selector)
      .fallback(...fallback)
      .tolerate(...tolerations);
    const picked = spreadBy(target.pick(count), spread);
    if (typeof replicas === "number") return (kind === "all" ? target : picked).replicas(replicas);
    return kind === "all"
      ? target.replicas(replicas).overflow(...overflow)
      : picked.replicas(replicas).overflow(...overflow);
  });

/** Some apps, a few of which must be apart. */
export const apps: fc.Arbitrary<readonly PlacedApp[]> = fc
  .uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc.record({
          name: fc.constant(name),
          place: placements,
          request: fc.record({ cpu: fc.constantFrom(0.1, 0.5, 1), memoryGib: fc.constantFrom(0.5, 2) }),
          apartFrom: fc.subarray(names.filter((other) => other !== name)).map((some) => some.slice(1)),
        }),
      ),
    ),
  );

/** Other fleets that differ only in what wavers: capacities and prices. */
export function wavering(fleet: Fleet): fc.Arbitrary<Fleet> {
  return fc
    .array(fc.record({ capacity: capacities, price: prices }), {
      minLength: fleet.clusters.length,
      maxLength: fleet.clusters.length,
    })
    .map((facts) => ({
      clusters: fleet.clusters.map((cluster, index): FleetCluster => ({ ...cluster, ...facts[index] })),
    }));
}

/** A placement with at most two spreads. */
export function spreadBy<R extends Replicas>(
  picked: Place<PickOf, R>,
  [first, second]: readonly Spread[],
): Place<PickOf, R> {
  return first === undefined ? picked : picked.spread(first, second);
}

function divisions(): fc.Arbitrary<ReturnType<typeof divide.evenly>> {
  const total = fc.integer({ min: 1, max: 12 });
  return fc.oneof(
    total.map(divide.evenly),
    total.map(divide.byCapacity),
    total.map(divide.aggregated),
    total.map(divide.byCost),
    total.map((replicas) => divide.byWeight(replicas, ({ provider }) => (provider === "metal" ? 3 : 1))),
  );
}
