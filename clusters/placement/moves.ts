import { byText } from "../data/stable-json.ts";
import { selectorsOf } from "./decide-app.ts";
import type { Cost, Move } from "./decision.ts";
import { hourlyPrice } from "./ledger.ts";
import { objection } from "./objection.ts";
import type { PlacedApp } from "./placement.ts";
import type { Placing, Situation } from "./situation.ts";

/** Two states of all apps. */
export interface Change {
  readonly before: ReadonlyMap<string, Placing>;
  readonly after: ReadonlyMap<string, Placing>;
}

/** What changes between two states, and why, by app and cluster. */
export function movesOf(
  situation: Situation,
  apps: readonly PlacedApp[],
  { before, after }: Change,
): readonly Move[] {
  const known = new Map(apps.map((app) => [app.name, app]));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort(byText);
  return names.flatMap((name) => {
    const [was, is] = [countsOf(before.get(name)), countsOf(after.get(name))];
    const changed = [...new Set([...was.keys(), ...is.keys()])]
      .sort(byText)
      .map((cluster) => ({ app: name, cluster, from: was.get(cluster) ?? 0, to: is.get(cluster) ?? 0 }))
      .filter(({ from, to }) => from !== to);
    const why = reasonsFor(situation, known.get(name), changed);
    return changed.map((move) => ({ ...move, why: why(move) }));
  });
}

/** What all apps of the plan cost per hour at today's prices, by what their replicas ask for. */
export function costOf(situation: Situation, placings: ReadonlyMap<string, Placing>): Cost {
  const clusters = new Map(situation.clusters.map((cluster) => [cluster.name, cluster]));
  let [perHour, unpriced] = [0, 0];
  for (const app of [...placings.keys()].sort(byText)) {
    const units = situation.unitsOf(app);
    for (const [name, replicas] of countsOf(placings.get(app))) {
      const cluster = clusters.get(name);
      const price = cluster && units && hourlyPrice(cluster, units);
      if (price === undefined) unpriced += replicas;
      else perHour += price * replicas;
    }
  }
  // Sums of fractions differ in their last digits by the order of their parts.
  return { perHour: Math.round(perHour * 1e6) / 1e6, unpriced };
}

type Changed = Omit<Move, "why">;

function reasonsFor(
  situation: Situation,
  app: PlacedApp | undefined,
  changed: readonly Changed[],
): (move: Changed) => string {
  if (app === undefined) return () => "the app is gone";
  const wanted = situation.wanted(app, false);
  const selectors = selectorsOf(wanted);
  const given = changed.filter(({ from, to }) => to < from).map(({ cluster }) => cluster);
  const isNew = changed.every(({ from }) => from === 0);
  const leaves = ({ cluster: name }: Changed): string => {
    const cluster = situation.clusters.find((each) => each.name === name);
    if (cluster === undefined) return "the cluster is gone";
    const selector = selectors[wanted.before.tier] ?? selectors[0];
    return (
      (selector && objection(situation, wanted, cluster, selector)?.text) ?? "fewer replicas are wanted here"
    );
  };
  return (move) => {
    if (move.to < move.from) return leaves(move);
    if (given.length > 0) return `takes over from ${given.join(", ")}`;
    return isNew && move.from === 0 ? "newly placed" : "more replicas are wanted";
  };
}

function countsOf(placing: Placing | undefined): ReadonlyMap<string, number> {
  return placing?.clusters ?? new Map<string, number>();
}
