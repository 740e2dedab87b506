import { didYouMean } from "../data/nearest.ts";
import type { FleetCluster } from "../fleet/fleet.ts";
import type { Selector } from "../fleet/select.ts";
import { choose, keepsSpreads } from "./choose.ts";
import type { Candidate, Priced, Wish } from "./choose.ts";
import { divideTotal } from "./divide.ts";
import type { Slot } from "./divide.ts";
import { objection, weightOf } from "./objection.ts";
import type { Divided, OnlyOf } from "./placement.ts";
import { rank } from "./rank.ts";
import { sortedByName } from "./situation.ts";
import type { Placing, Situation, Wanted } from "./situation.ts";

/** Why an app fits nowhere: a sentence for each of its choices. */
export type Reasons = readonly string[];

/** Replicas by cluster, or why they do not fit. */
type Attempt = ReadonlyMap<string, number> | string;

/** Where an app goes: its choices are tried in order, but the one in use first, since going back is a decision too. */
export function decideApp(situation: Situation, wanted: Wanted): Placing | Reasons {
  const selectors = selectorsOf(wanted);
  const order = [...selectors.keys()];
  const { tier: inUse, clusters } = wanted.kept;
  if (clusters.size > 0 && inUse < order.length) order.unshift(...order.splice(inUse, 1));
  const reasons = new Array<string>(selectors.length).fill("");
  for (const tier of order) {
    const selector = selectors[tier];
    if (selector === undefined) continue;
    const found = tryTier(situation, wanted, selector);
    if (typeof found !== "string") return { tier, clusters: sortedByName(found) };
    reasons[tier] = `${selector.text}: ${found}`;
  }
  return reasons;
}

/** The selectors of an app's choices, in order. */
export function selectorsOf({ rule }: Wanted): readonly Selector[] {
  if (rule.choice !== "only") return rule.tiers;
  const names = new Set(rule.clusters);
  return [{ text: `only ${rule.clusters.join(", ")}`, matches: ({ name }) => names.has(name) }];
}

function tryTier(situation: Situation, wanted: Wanted, selector: Selector): Attempt {
  const { rule } = wanted;
  const matching = situation.clusters.filter((cluster) => selector.matches(cluster));
  const objections = matching.map((cluster) => objection(situation, wanted, cluster, selector));
  const fitting = matching.filter((_, index) => objections[index] === undefined);
  if (rule.choice === "pick")
    return pick(situation, wanted, fitting, {
      count: rule.count,
      spreads: rule.spread,
      among: matching.filter((_, index) => objections[index]?.isRule !== true),
    });
  const missing = rule.choice === "only" ? missingNames(rule, situation.clusters) : undefined;
  if (missing !== undefined) return missing;
  // All means all: to leave a cluster out because it is full would move the app whenever its capacity wavers.
  const unfit = objections.filter((each) => each !== undefined && (rule.choice === "only" || !each.isRule));
  if (unfit.length > 0) return `${unfit.length} of ${matching.length} clusters cannot take it`;
  if (matching.length === 0) return "no cluster matches";
  if (fitting.length === 0 && rule.overflow.length === 0) return "no cluster can take it";
  return withReplicas(situation, wanted, rank(situation, wanted, fitting));
}

function pick(situation: Situation, wanted: Wanted, clusters: readonly FleetCluster[], wish: Wish): Attempt {
  const { count, spreads, among } = wish;
  const { replicas } = wanted.rule;
  if (clusters.length < count) return `${count} clusters are wanted, ${clusters.length} can take it`;
  // Nothing is to be weighed where everything may stay, which is what happens most.
  const kept = clusters.filter(({ name }) => wanted.kept.clusters.has(name));
  if (kept.length === count && keepsSpreads(kept, among, spreads)) {
    const unmoved = withReplicas(situation, wanted, rank(situation, wanted, kept));
    if (typeof unmoved !== "string") return unmoved;
  }
  const fitting = rank(situation, wanted, clusters);
  const stay = choose(costsOfLeaving(fitting, wanted, count), wish);
  if (stay === undefined)
    return `no ${count} of ${fitting.length} clusters are spread by ${spreads.map(({ by }) => by).join(" and ")}`;
  const found = withReplicas(situation, wanted, inOrder(fitting, stay));
  if (typeof found !== "string" || replicas.kind === "each") return found;
  const byRoom = fitting.map((candidate) => ({
    candidate,
    cost: -Math.min(replicas.total, fits(candidate)),
  }));
  return withReplicas(situation, wanted, inOrder(fitting, choose(byRoom, wish) ?? stay));
}

// A replica that starts anew elsewhere costs more than the ranks of a whole choice. A cluster that would keep what it has
// as overflow need not be chosen, but it is better than one that has nothing.
function costsOfLeaving(fitting: readonly Candidate[], { rule }: Wanted, count: number): readonly Priced[] {
  const unit = fitting.length * count + 1;
  return fitting.map((candidate, place) => {
    const { cluster, held } = candidate;
    const mayStay = rule.replicas.kind === "each" || rule.overflow.some(({ matches }) => matches(cluster));
    const loss = mayStay ? Math.min(1, held) : 2 * held;
    return { candidate, cost: place - loss * unit };
  });
}

function withReplicas(situation: Situation, wanted: Wanted, chosen: readonly Candidate[]): Attempt {
  const { rule, kept } = wanted;
  const { replicas } = rule;
  if (replicas.kind === "each") return new Map(chosen.map(({ cluster }) => [cluster.name, replicas.count]));
  const { total } = replicas;
  if (rule.choice !== "all" && total < chosen.length)
    return `${chosen.length} clusters are chosen for ${total} replicas`;
  // A newcomer among all clusters gets its share when there is something to hand out.
  const isFirst = kept.clusters.size === 0 && total >= chosen.length && isProportional(replicas);
  const least = (candidate: Candidate): number =>
    rule.choice !== "all" || isFirst ? Math.min(1, fits(candidate)) : 0;
  const levels = [chosen, ...overflow(situation, wanted, chosen)];
  const slots = levels.map((level, index) =>
    level.map((candidate) => slotOf(candidate, replicas, index === 0 ? least(candidate) : 0)),
  );
  const counts = divideTotal(slots, total, isProportional(replicas) ? "share" : "fill");
  if (counts === undefined) return `there is room for ${roomIn(slots)} of ${total} replicas`;
  const entries = levels.flatMap((level, index) =>
    level.map(({ cluster }, place) => [cluster.name, counts[index]?.[place] ?? 0] as const),
  );
  return new Map(entries.filter(([, count]) => count > 0));
}

function overflow(
  situation: Situation,
  wanted: Wanted,
  chosen: readonly Candidate[],
): readonly (readonly Candidate[])[] {
  const used = new Set(chosen.map(({ cluster }) => cluster));
  return wanted.rule.overflow.map((selector) => {
    const others = situation.clusters.filter(
      (cluster) => !used.has(cluster) && objection(situation, wanted, cluster, selector) === undefined,
    );
    for (const cluster of others) used.add(cluster);
    return rank(situation, wanted, others);
  });
}

function slotOf(candidate: Candidate, replicas: Divided, least: number): Slot {
  const room = candidate.room === Infinity ? candidate.held : fits(candidate);
  const weight = replicas.by === "capacity" ? room : weightOf(replicas, candidate.cluster);
  // Weights must be greater than 0, also where there is neither room nor anything held.
  return { least, held: candidate.held, most: fits(candidate), weight: Math.max(weight, 1e-9) };
}

function isProportional({ by }: Divided): boolean {
  return by !== "aggregate" && by !== "cost";
}

function fits({ held, room }: Candidate): number {
  return held + room;
}

function roomIn(slots: readonly (readonly Slot[])[]): number {
  return slots.flat().reduce((total, { most }) => total + most, 0);
}

function inOrder(fitting: readonly Candidate[], chosen: readonly Candidate[]): readonly Candidate[] {
  const set = new Set(chosen);
  return fitting.filter((candidate) => set.has(candidate));
}

function missingNames({ clusters }: OnlyOf, fleet: readonly FleetCluster[]): string | undefined {
  const names = new Set(fleet.map(({ name }) => name));
  const missing = clusters.filter((name) => !names.has(name));
  if (missing.length === 0) return undefined;
  return missing.map((name) => `the fleet has no cluster "${name}"${didYouMean(name, names)}`).join("; ");
}
