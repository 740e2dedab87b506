import { factOf } from "../fleet/fleet.ts";
import type { FleetCluster } from "../fleet/fleet.ts";
import { sendCheapest, sink, source } from "./flow.ts";
import type { Way } from "./flow.ts";
import type { Spread } from "./placement.ts";

/** A cluster that an app fits on. */
export interface Candidate {
  readonly cluster: FleetCluster;
  /** Replicas that it has of the app. */
  readonly held: number;
  /** Replicas that would fit beside those. */
  readonly room: number;
}

/** A candidate with what choosing it costs: a whole number, which may be negative. */
export interface Priced {
  readonly candidate: Candidate;
  readonly cost: number;
}

/** What is to be chosen. */
export interface Wish {
  readonly count: number;
  /** At most two. */
  readonly spreads: readonly Spread[];
  /** The clusters whose regions, zones and so on count, also if nothing fits there today: a spread must not waver. */
  readonly among: readonly FleetCluster[];
}

/**
 * Chooses so many of the candidates that the spreads hold and the sum of the costs is the lowest. Undefined if there is
 * no such choice.
 */
export function choose(
  candidates: readonly Priced[],
  { count, spreads, among }: Wish,
): readonly Candidate[] | undefined {
  if (candidates.length < count) return undefined;
  const ranked = candidates.toSorted((left, right) => left.cost - right.cost);
  if (spreads.length === 0) return ranked.slice(0, count).map(({ candidate }) => candidate);
  const choices = levelsOf(among, count, spreads).map((levels) => spreadOut(ranked, count, levels));
  return cheapest(choices)?.map(({ candidate }) => candidate);
}

/** Whether the numbers of chosen clusters differ no more than each spread allows, over the values of all among them. */
export function keepsSpreads(
  chosen: readonly FleetCluster[],
  among: readonly FleetCluster[],
  spreads: readonly Spread[],
): boolean {
  return spreads.every(({ by, maxSkew }) => {
    const counts = new Map(among.map((cluster) => [factOf(cluster, by), 0]));
    for (const cluster of chosen) counts.set(factOf(cluster, by), (counts.get(factOf(cluster, by)) ?? 0) + 1);
    const numbers = [...counts.values()];
    return Math.max(...numbers) - Math.min(...numbers) <= maxSkew;
  });
}

/** A spread with its values and the number of clusters that each must have at least. */
interface Level {
  readonly spread: Spread;
  readonly values: readonly string[];
  readonly least: number;
}

// Every value gets between `least` and `least + maxSkew` clusters, so only few numbers can be the least one.
function levelsOf(
  among: readonly FleetCluster[],
  count: number,
  spreads: readonly Spread[],
): readonly (readonly Level[])[] {
  return spreads.reduce<readonly (readonly Level[])[]>(
    (combinations, spread) => {
      const values = [...new Set(among.map((cluster) => factOf(cluster, spread.by) ?? ""))];
      const highest = Math.floor(count / values.length);
      const lowest = Math.max(0, Math.ceil(count / values.length) - spread.maxSkew);
      const leasts = Array.from({ length: Math.max(0, highest - lowest + 1) }, (_, index) => lowest + index);
      return combinations.flatMap((levels) => leasts.map((least) => [...levels, { spread, values, least }]));
    },
    [[]],
  );
}

/**
 * The cheapest choice within given levels, as a flow: each cluster is a way from the point of its first spread's value to
 * the point of its second one's; the bounds of a value are the costs on the ways from the source and to the sink.
 */
function spreadOut(
  ranked: readonly Priced[],
  count: number,
  levels: readonly Level[],
): readonly Priced[] | undefined {
  const [first, second] = levels;
  const [left, right] = [first?.values ?? [""], second?.values ?? [""]];
  const leftPoints = new Map(left.map((value, index) => [value, 2 + index]));
  const rightPoints = new Map(right.map((value, index) => [value, 2 + left.length + index]));
  const must = 1 + ranked.reduce((total, { cost }) => total + Math.abs(cost), 0);
  const bounds = (level: Level | undefined): readonly number[] =>
    level === undefined
      ? new Array<number>(count).fill(0)
      : Array.from({ length: level.least + level.spread.maxSkew }, (_, index) =>
          index < level.least ? -must : 0,
        );
  const outer: Way[] = [
    ...[...leftPoints.values()].map((to) => ({ from: source, to, costs: bounds(first), used: 0 })),
    ...[...rightPoints.values()].map((from) => ({ from, to: sink, costs: bounds(second), used: 0 })),
  ];
  const cells = cellsOf(ranked, (cluster) => [
    leftPoints.get(valueOf(cluster, first)) ?? 2,
    rightPoints.get(valueOf(cluster, second)) ?? 2,
  ]);
  const inner = cells.map(({ from, to, members }) => ({
    from,
    to,
    costs: members.map(({ cost }) => cost),
    used: 0,
  }));
  if (!sendCheapest(2 + left.length + right.length, [...outer, ...inner], count)) return undefined;
  const isBelow = (way: Way): boolean => way.costs.filter((cost) => cost < 0).length > way.used;
  if (outer.some(isBelow)) return undefined;
  return cells.flatMap(({ members }, index) => members.slice(0, inner[index]?.used));
}

interface Cell {
  readonly from: number;
  readonly to: number;
  /** The cheapest first. */
  readonly members: Priced[];
}

function cellsOf(
  ranked: readonly Priced[],
  points: (cluster: FleetCluster) => readonly [from: number, to: number],
): readonly Cell[] {
  const rows = new Map<number, Map<number, Cell>>();
  for (const each of ranked) {
    const [from, to] = points(each.candidate.cluster);
    const row = rows.get(from) ?? new Map<number, Cell>();
    const cell = row.get(to) ?? { from, to, members: [] };
    cell.members.push(each);
    rows.set(from, row.set(to, cell));
  }
  return [...rows.values()].flatMap((row) => [...row.values()]);
}

function valueOf(cluster: FleetCluster, level: Level | undefined): string {
  return level === undefined ? "" : (factOf(cluster, level.spread.by) ?? "");
}

function cheapest(choices: readonly (readonly Priced[] | undefined)[]): readonly Priced[] | undefined {
  let best: { readonly choice: readonly Priced[]; readonly cost: number } | undefined;
  for (const choice of choices) {
    if (choice === undefined) continue;
    const cost = choice.reduce((total, each) => total + each.cost, 0);
    if (best === undefined || cost < best.cost) best = { choice, cost };
  }
  return best?.choice;
}
