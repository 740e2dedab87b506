import { ProblemsError } from "../../errors.ts";
import type { Problem } from "../../errors.ts";
import type { Taint } from "../cluster.ts";
import { didYouMean } from "../data/nearest.ts";
import { invalid } from "../data/shape.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { AppDecision, Decision, Plan } from "../placement/decision.ts";
import { costOf, movesOf } from "../placement/moves.ts";
import type { PlacedApp } from "../placement/placement.ts";
import { plan } from "../placement/plan.ts";
import { placingsOf, Situation } from "../placement/situation.ts";
import { type FleetLock, withPlan } from "./lock.ts";

/** What moves when clusters are given up or come back, and the lock that says so. */
export interface Failover {
  readonly plan: Plan;
  readonly lock: FleetLock;
}

/** What a cluster has that was given up: apps leave it, and none come. */
const givenUpTaint: Taint = { key: "keelson.dev/given-up", effect: "NoExecute" };

/** A fleet in which the clusters that a lock has given up take no apps. Plan with it as long as they are away. */
export function standing(fleet: Fleet, lock: Pick<FleetLock, "givenUp">): Fleet {
  const clusters = fleet.clusters.map((cluster) =>
    isGivenUp(lock, cluster.name) ? { ...cluster, taints: [...cluster.taints, givenUpTaint] } : cluster,
  );
  return { ...fleet, clusters };
}

/**
 * Gives clusters up and finds other places for what they run, as far as there is room. An app without another place stays
 * where it is, and the plan's `refused` says why. Nothing else moves. The app is removed from a cluster that was given up
 * when a rollout has verified it everywhere else, and the cluster answers.
 *
 * @throws ProblemsError if the fleet has no such cluster, or it was given up already
 */
export function failOver(
  fleet: Fleet,
  apps: readonly PlacedApp[],
  lock: FleetLock,
  clusters: readonly string[],
): Failover {
  const known = new Set(fleet.clusters.map(({ name }) => name));
  refuse("give up clusters", clusters, (name) => {
    if (!known.has(name)) return `the fleet has no such cluster${didYouMean(name, known)}`;
    return isGivenUp(lock, name) ? "it was given up already" : undefined;
  });
  const given = clusters.map((name) => [name, { apps: appsOn(lock.decision, name) }] as const);
  const next = { ...lock, givenUp: { ...lock.givenUp, ...Object.fromEntries(given) } };
  const found = plan(standing(fleet, next), apps, lock.decision);
  return { plan: found, lock: withPlan(next, found) };
}

/**
 * Takes clusters back and returns to them what left them, as it was. What was decided of other apps meanwhile stays; the
 * plan's `overcommitted` names clusters in which both together are too much.
 *
 * @throws ProblemsError if a cluster was not given up
 */
export function failBack(
  fleet: Fleet,
  apps: readonly PlacedApp[],
  lock: FleetLock,
  clusters: readonly string[],
): Failover {
  const { givenUp = {}, ...rest } = lock;
  refuse("take clusters back", clusters, (name) => {
    return isGivenUp(lock, name) ? undefined : "it was not given up";
  });
  const away = Object.entries(givenUp).filter(([name]) => !clusters.includes(name));
  const next: FleetLock = away.length === 0 ? rest : { ...rest, givenUp: Object.fromEntries(away) };
  const declared = new Set(apps.map(({ name }) => name));
  const returning = clusters
    .flatMap((name) => Object.entries(givenUp[name]?.apps ?? {}))
    .filter(([app]) => declared.has(app));
  const before = { apps: { ...lock.decision.apps, ...Object.fromEntries(returning) } };
  const there = standing(fleet, next);
  const found = since(lock.decision, there, apps, plan(there, apps, before));
  return { plan: found, lock: withPlan(next, found) };
}

/** A plan that was made from another decision than the one that holds, told from that one. */
function since(decision: Decision, fleet: Fleet, apps: readonly PlacedApp[], found: Plan): Plan {
  const [before, after] = [placingsOf(decision), placingsOf(found.decision)];
  const situation = new Situation(fleet, apps, before);
  return {
    ...found,
    moves: movesOf(situation, apps, { before, after }),
    cost: { before: costOf(situation, before), after: found.cost.after },
  };
}

function appsOn({ apps }: Decision, cluster: string): Record<string, AppDecision> {
  return Object.fromEntries(
    Object.entries(apps).filter(([, { clusters }]) => Object.hasOwn(clusters, cluster)),
  );
}

function isGivenUp({ givenUp = {} }: Pick<FleetLock, "givenUp">, name: string): boolean {
  return Object.hasOwn(givenUp, name);
}

function refuse(
  what: string,
  clusters: readonly string[],
  objectionTo: (name: string) => string | undefined,
): void {
  const problems = clusters.flatMap((name): Problem[] => {
    const objection = objectionTo(name);
    return objection === undefined ? [] : [invalid(name, objection)];
  });
  if (problems.length > 0) throw new ProblemsError(what, problems);
}
