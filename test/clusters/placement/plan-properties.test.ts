import assert from "node:assert/strict";
import fc from "fast-check";
import { factOf } from "../../../clusters/fleet/fleet.ts";
import type { Fleet, FleetCluster } from "../../../clusters/fleet/fleet.ts";
import { where } from "../../../clusters/fleet/select.ts";
import { keepsSpreads } from "../../../clusters/placement/choose.ts";
import type { Decision, Plan } from "../../../clusters/placement/decision.ts";
import { divide, place } from "../../../clusters/placement/place.ts";
import { plan } from "../../../clusters/placement/plan.ts";
import type { PlacedApp } from "../../../clusters/placement/placement.ts";
import { apps, fleets, roomyFleets, spreadBy, spreads, wavering } from "../../support/fleets.ts";
import { subsets } from "../../support/subsets.ts";

const runs = { numRuns: 150 };
const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

describe("plan(), whatever the fleet", () => {
  it("gives the same bytes in whatever order its input is written", () => {
    const input = fc
      .tuple(fleets, apps)
      .chain(([fleet, wanted]) =>
        fc.tuple(fc.constant(fleet), shuffled(fleet.clusters), fc.constant(wanted), shuffled(wanted)),
      );
    fc.assert(
      fc.property(input, apps, ([fleet, clusters, wanted, others], old) => {
        const { decision } = plan(fleet, old);
        const reversed: Decision = {
          apps: Object.fromEntries(
            Object.entries(decision.apps)
              .reverse()
              .map(([app, { tier, clusters: on }]) => [
                app,
                { clusters: Object.fromEntries(Object.entries(on).reverse()), tier },
              ]),
          ),
        };

        assert.equal(
          JSON.stringify(plan({ clusters }, others, reversed)),
          JSON.stringify(plan(fleet, wanted, decision)),
        );
      }),
      runs,
    );
  });

  it("holds every rule of every app that it places", () => {
    fc.assert(
      fc.property(
        fc.tuple(fleets, apps),
        fleets,
        apps,
        fc.boolean(),
        ([old, before], fleet, wanted, afresh) => {
          const { decision: previous } = plan(old, before);
          const result = plan(fleet, wanted, previous, afresh ? { replan: true } : {});

          for (const app of placedApps(result, wanted))
            checkRules(fleet, app, result.decision, afresh ? nothing : previous);
          for (const { name, apartFrom = [] } of placedApps(result, wanted)) {
            const others = apartFrom.filter((other) => !isRefused(result, other));
            for (const other of others) assert.deepEqual(shared(result.decision, name, other), []);
          }
        },
      ),
      runs,
    );
  });

  it("counts regions and providers for a spread also where there is no room", () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 4 }), spreads, (fleet, count, spread) => {
        const app = {
          name: "a",
          place: spreadBy(place(where({ env: "prod" })).pick(count), spread).replicas(3),
        };
        const { decision } = plan(fleet, [{ ...app, request: { cpu: 1, memoryGib: 1 } }]);
        const on = fleet.clusters.filter(({ name }) => countOn(decision, "a", name) > 0);
        fc.pre(on.length > 0);

        const isBad = ({ effect }: { readonly effect: string }): boolean => effect !== "PreferNoSchedule";
        const open = fleet.clusters.filter(
          ({ labels, taints }) => labels["env"] === "prod" && !taints.some(isBad),
        );
        assert.ok(keepsSpreads(on, open, spread));
      }),
      runs,
    );
  });

  it("never takes more than the capacity of a cluster when it decides afresh", () => {
    fc.assert(
      fc.property(fleets, apps, (fleet, wanted) => {
        const { decision, overcommitted } = plan(fleet, wanted);

        assert.deepEqual(overcommitted, []);
        for (const { name, capacity } of fleet.clusters) {
          const used = wanted.map((app) => (app.request?.cpu ?? 0) * countOn(decision, app.name, name));
          assert.ok(sum(used) <= capacity!.cpu + 1e-9);
        }
      }),
      runs,
    );
  });

  it("moves nothing when it is asked again, whatever became of capacities and prices", () => {
    const input = fleets.chain((fleet) => fc.tuple(fc.constant(fleet), wavering(fleet)));
    fc.assert(
      fc.property(input, apps, ([fleet, later], wanted) => {
        const first = plan(fleet, wanted);
        const again = plan(later, wanted, first.decision);

        const stays = wanted.filter(({ name }) => !isRefused(first, name));
        for (const { name } of stays) assert.deepEqual(again.decision.apps[name], first.decision.apps[name]);
      }),
      runs,
    );
  });

  it("starts as few replicas elsewhere as any choice of clusters allows", () => {
    const rules = fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      spread: spreads,
      total: fc.option(fc.integer({ min: 4, max: 12 })),
    });
    fc.assert(
      fc.property(roomyFleets, roomyFleets, rules, (old, fleet, { count, spread, total }) => {
        const picked = spreadBy(place(where({ env: "prod" })).pick(count), spread);
        const app = {
          name: "a",
          place: total === null ? picked.replicas(2) : picked.replicas(divide.evenly(total)),
        };
        const { decision } = plan(old, [app]);
        const result = plan(fleet, [app], decision);

        const held = new Map(Object.entries(decision.apps["a"]?.clusters ?? {}));
        const fit = fleet.clusters.filter(
          ({ name, labels, taints }) =>
            labels["env"] === "prod" &&
            !taints.some(
              ({ effect }) => effect === "NoExecute" || (effect === "NoSchedule" && !held.has(name)),
            ),
        );
        const choices = subsets(fit, count).filter((some) => keepsSpreads(some, fit, spread));
        assert.equal(result.refused.length === 0, choices.length > 0);
        if (choices.length === 0) return;
        const started = sum(result.moves.map(({ from, to }) => Math.max(0, to - from)));
        assert.equal(started, Math.min(...choices.map((some) => startedOn(some, held, total))));
      }),
      { numRuns: 500 },
    );
  });

  it("uses a later choice only if no earlier one fits, and never a later one than a smaller fleet does", () => {
    const tiers = [where({ pool: "main" }), where({ pool: "dr" }), where({ pool: "cloud" })] as const;
    const wanted = (count: number, from: number): PlacedApp => ({
      name: "a",
      place: place(tiers[from]!)
        .fallback(...tiers.slice(from + 1))
        .pick(count)
        .replicas(1),
    });
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 3 }), fc.nat(6), (fleet, count, gone) => {
        const { decision } = plan(fleet, [wanted(count, 0)]);
        const tier = decision.apps["a"]?.tier ?? tiers.length;

        for (const [index, selector] of tiers.entries()) {
          const alone = plan(fleet, [{ name: "a", place: place(selector).pick(count).replicas(1) }]);
          if (index <= tier) assert.equal(alone.refused.length === 0, index === tier);
        }
        const smaller = { clusters: fleet.clusters.filter((_, index) => index !== gone) };
        const less = plan(smaller, [wanted(count, 0)]).decision.apps["a"]?.tier ?? tiers.length;
        assert.ok(less >= tier);
      }),
      runs,
    );
  });

  it("explains every refusal, and leaves the app as it was", () => {
    fc.assert(
      fc.property(fleets, fleets, apps, apps, (old, fleet, before, wanted) => {
        const { decision: previous } = plan(old, before);
        const { refused, decision } = plan(fleet, wanted, previous);

        for (const { app, reasons, clusters } of refused) {
          assert.deepEqual(decision.apps[app], previous.apps[app]);
          const { rule } = wanted.find(({ name }) => name === app)!.place;
          assert.equal(reasons.length, rule.choice === "only" ? 1 : rule.tiers.length);
          assert.ok([...reasons, ...Object.values(clusters)].every((text) => text.length > 5));
        }
      }),
      runs,
    );
  });

  it("accounts for every change with a move, and for its cost", () => {
    fc.assert(
      fc.property(fleets, fleets, apps, apps, (old, fleet, before, wanted) => {
        const { decision: previous } = plan(old, before);
        const { decision, moves, cost } = plan(fleet, wanted, previous);

        const replayed = new Map(pairs(previous));
        for (const { app, cluster, from, to, why } of moves) {
          assert.equal(replayed.get(`${app} ${cluster}`) ?? 0, from);
          assert.ok(why.length > 3);
          replayed.set(`${app} ${cluster}`, to);
        }
        assert.deepEqual(new Map([...replayed].filter(([, count]) => count > 0)), new Map(pairs(decision)));
        const after = plan(fleet, wanted, decision).cost;
        assert.deepEqual(after.before, cost.after);
      }),
      runs,
    );
  });
});

const nothing: Decision = { apps: {} };

function checkRules(
  fleet: Fleet,
  { name, place: { rule } }: PlacedApp,
  decision: Decision,
  previous: Decision,
): void {
  const { tier, clusters } = decision.apps[name]!;
  const counts = new Map(Object.entries(clusters));
  const on = fleet.clusters.filter((cluster) => counts.has(cluster.name));
  assert.equal(on.length, counts.size);
  for (const cluster of on)
    checkTaints(
      cluster,
      rule.tolerations.map(({ key }) => key),
      countOn(previous, name, cluster.name) > 0,
    );
  if (rule.replicas.kind === "divided") assert.equal(sum([...counts.values()]), rule.replicas.total);
  else assert.deepEqual(new Set(counts.values()), new Set([rule.replicas.count]));
  if (rule.choice === "only") {
    assert.deepEqual([...counts.keys()].sort(), [...rule.clusters].sort());
    return;
  }
  const selectors = [rule.tiers[tier]!, ...rule.overflow];
  assert.ok(on.every((cluster) => selectors.some(({ matches }) => matches(cluster))));
  if (rule.choice === "pick" && rule.overflow.length === 0) {
    assert.equal(on.length, rule.count);
    for (const { by, maxSkew } of rule.spread) {
      const numbers = [...Map.groupBy(on, (cluster) => factOf(cluster, by)).values()].map(
        ({ length }) => length,
      );
      assert.ok(Math.max(...numbers) - Math.min(...numbers) <= maxSkew);
    }
  }
}

function checkTaints({ taints }: FleetCluster, tolerated: readonly string[], wasThere: boolean): void {
  const bad = taints.filter(({ key }) => !tolerated.includes(key));
  assert.ok(!bad.some(({ effect }) => effect === "NoExecute"));
  if (!wasThere) assert.ok(!bad.some(({ effect }) => effect === "NoSchedule"));
}

function startedOn(
  some: readonly FleetCluster[],
  held: ReadonlyMap<string, number>,
  total: number | null,
): number {
  const fresh = some.filter(({ name }) => !held.has(name)).length;
  return total === null
    ? 2 * fresh
    : Math.max(fresh, total - sum(some.map(({ name }) => held.get(name) ?? 0)));
}

function placedApps(result: Plan, wanted: readonly PlacedApp[]): readonly PlacedApp[] {
  return wanted.filter(({ name }) => !isRefused(result, name));
}

function isRefused({ refused }: Plan, name: string): boolean {
  return refused.some(({ app }) => app === name);
}

function pairs({ apps: placed }: Decision): readonly (readonly [string, number])[] {
  return Object.entries(placed).flatMap(([app, { clusters }]) =>
    Object.entries(clusters).map(([cluster, count]) => [`${app} ${cluster}`, count] as const),
  );
}

function shared({ apps: placed }: Decision, left: string, right: string): readonly string[] {
  return Object.keys(placed[left]?.clusters ?? {}).filter((name) =>
    Object.hasOwn(placed[right]?.clusters ?? {}, name),
  );
}

function countOn({ apps: placed }: Decision, app: string, cluster: string): number {
  return new Map(Object.entries(placed[app]?.clusters ?? {})).get(cluster) ?? 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
