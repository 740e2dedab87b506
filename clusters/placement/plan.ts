import { ProblemsError } from "../../errors.ts";
import type { Problem } from "../../errors.ts";
import { didYouMean } from "../data/nearest.ts";
import { invalid } from "../data/shape.ts";
import { byText } from "../data/stable-json.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { decideApp, selectorsOf } from "./decide-app.ts";
import type { Reasons } from "./decide-app.ts";
import type { Decision, Plan, Refusal } from "./decision.ts";
import { costOf, movesOf } from "./moves.ts";
import { objection } from "./objection.ts";
import type { PlacedApp } from "./placement.ts";
import { Situation, placingsOf } from "./situation.ts";
import type { Placing, Wanted } from "./situation.ts";

/** How a plan treats what is there already. */
export interface PlanOptions {
  /**
   * Apps that are decided afresh, from today's capacities and prices; `true` means all of them.
   * @default - none: what still holds stays where it is, what does not is mended with the least movement
   */
  readonly replan?: true | readonly string[];
}

const nothing: Decision = { apps: {} };

/**
 * Decides which app runs where. Pure: the same fleet, apps and previous decision give the same plan, in whatever order they
 * are written. Apps are decided in the order of their names, after everything that is placed already has been counted.
 *
 * @throws ProblemsError if two apps have one name, or an app is named that does not exist
 */
export function plan(
  fleet: Fleet,
  apps: readonly PlacedApp[],
  previous: Decision = nothing,
  { replan = [] }: PlanOptions = {},
): Plan {
  const sorted = apps.toSorted((left, right) => byText(left.name, right.name));
  const problems = namingProblems(sorted, replan === true ? [] : replan);
  if (problems.length > 0) throw new ProblemsError("plan the fleet", problems);
  const before = placingsOf(previous);
  const situation = new Situation(fleet, sorted, before);
  const afresh = new Set(replan === true ? sorted.map(({ name }) => name) : replan);
  const { after, refused } = decideAll(situation, sorted, afresh);
  const { clusters, ledger } = situation;
  return {
    decision: decisionOf(after),
    refused,
    moves: movesOf(situation, sorted, { before, after }),
    cost: { before: costOf(situation, before), after: costOf(situation, after) },
    overcommitted: clusters.map(({ name }) => name).filter((name) => ledger.of(name).load > 1),
    ...(fleet.gatheredAt !== undefined && { factsFrom: fleet.gatheredAt }),
  };
}

interface Decided {
  readonly after: ReadonlyMap<string, Placing>;
  readonly refused: readonly Refusal[];
}

function decideAll(situation: Situation, apps: readonly PlacedApp[], afresh: ReadonlySet<string>): Decided {
  const after = new Map<string, Placing>();
  const refused: Refusal[] = [];
  for (const app of apps) {
    const wanted = situation.wanted(app, afresh.has(app.name));
    if (wanted.kept !== wanted.before) situation.release(wanted);
    const found = decideApp(situation, wanted);
    const placing = isReasons(found) ? wanted.before : found;
    if (isReasons(found)) refused.push(refusal(situation, wanted, found));
    situation.decide(wanted, placing);
    if (placing.clusters.size > 0) after.set(app.name, placing);
  }
  return { after, refused };
}

function decisionOf(placings: ReadonlyMap<string, Placing>): Decision {
  const apps = [...placings].map(
    ([app, { tier, clusters }]) => [app, { tier, clusters: Object.fromEntries(clusters) }] as const,
  );
  return { apps: Object.fromEntries(apps) };
}

function isReasons(found: Placing | Reasons): found is Reasons {
  return Array.isArray(found);
}

// Each cluster is judged by the first choice that means it.
function refusal(situation: Situation, wanted: Wanted, reasons: Reasons): Refusal {
  const [first, ...others] = selectorsOf(wanted);
  if (first === undefined) return { app: wanted.name, reasons, clusters: {} };
  const clusters = situation.clusters.flatMap((cluster) => {
    const selector = [first, ...others].find((each) => each.matches(cluster)) ?? first;
    const found = objection(situation, wanted, cluster, selector);
    return found === undefined ? [] : [[cluster.name, found.text] as const];
  });
  return { app: wanted.name, reasons, clusters: Object.fromEntries(clusters) };
}

function namingProblems(apps: readonly PlacedApp[], replan: readonly string[]): readonly Problem[] {
  const names = apps.map(({ name }) => name);
  const known = new Set(names);
  const unknown = (name: string): string => `there is no app "${name}"${didYouMean(name, known)}`;
  return [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => invalid(`apps.${name}`, "another app has this name")),
    ...apps.flatMap(({ name, apartFrom = [] }) =>
      apartFrom
        .filter((other) => !known.has(other))
        .map((other) => invalid(`apps.${name}.apartFrom`, unknown(other))),
    ),
    ...replan.filter((name) => !known.has(name)).map((name) => invalid("replan", unknown(name))),
  ];
}
