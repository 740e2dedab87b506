import { resolve } from "node:path";
import { diffLocks, formatLockDiff, type LockDiff } from "../../clusters/lock/diff.ts";
import { type Failover, failBack, failOver, standing } from "../../clusters/lock/failover.ts";
import { type FleetLock, withPlan } from "../../clusters/lock/lock.ts";
import type { Refusal } from "../../clusters/placement/decision.ts";
import { plan } from "../../clusters/placement/plan.ts";
import { removalProblems } from "../../clusters/waves/guards.ts";
import { KeelsonError, type Problem } from "../../errors.ts";
import { usualReplicas } from "../../stacks/components/placed-clusters.ts";
import { type FleetModule, loadFleetModule } from "./fleet-module.ts";
import { readLockFile, writeLockFile } from "./lock-file.ts";
import type { FleetArguments, Planning } from "./options.ts";

/** Another decision, and the lock before it. */
export interface Replanned extends Failover {
  readonly before: FleetLock;
}

/**
 * `keelson fleet plan`: shows where apps would be placed now and why, and writes it into the lock if that is asked for. 2 if
 * an app fits nowhere. Nothing but the lock is touched.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT
 */
export async function planFleet(args: FleetArguments, print: (text: string) => void): Promise<number> {
  if (args.apps.length > 0) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      `Cannot plan ${args.apps.join(", ")} alone: apps share the clusters`,
      {
        fix: "Leave the names out; --replan <app> decides one app afresh",
      },
    );
  }
  const { planning } = args;
  const path = resolve(args.directory, args.lock);
  const module = await loadFleetModule(resolve(args.directory, planning.module));
  const replanned = planAgain(module, await readLockFile(path), planning);
  if (planning.write) await writeLockFile(path, replanned.lock);
  if (args.json) print(JSON.stringify(describe(replanned, planning.write)));
  else
    print(
      `${formatPlan(replanned)}\n${planning.write ? `Written into ${args.lock}` : "Nothing was written: --write does it"}`,
    );
  return replanned.plan.refused.length > 0 ? 2 : 0;
}

/**
 * Places the apps anew, as the previous decision and what is asked for allow. Pure.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if two things are asked for at once; ProblemsError for unknown apps and clusters
 */
export function planAgain({ fleet, apps }: FleetModule, lock: FleetLock, planning: Planning): Replanned {
  const { replan, giveUp, takeBack } = planning;
  const asked = [replan === true || replan.length > 0, giveUp.length > 0, takeBack.length > 0];
  if (asked.filter(Boolean).length > 1) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      "Cannot plan: --replan, --give-up and --take-back are one step each",
      {
        fix: "Write one of them into the lock, and plan again with the next",
      },
    );
  }
  const before = withRunning(lock, apps);
  if (giveUp.length > 0) return { before, ...failOver(fleet, apps, before, giveUp) };
  if (takeBack.length > 0) return { before, ...failBack(fleet, apps, before, takeBack) };
  const found = plan(standing(fleet, before), apps, before.decision, { replan });
  return { before, plan: found, lock: withPlan(before, found) };
}

/** An app that was never placed is taken to be placed where it runs, so that its first plan moves no more than it must. */
function withRunning(lock: FleetLock, apps: FleetModule["apps"]): FleetLock {
  const found = apps.flatMap(({ name }) => {
    const running = Object.hasOwn(lock.releases, name) ? Object.keys(lock.releases[name] ?? {}) : [];
    if (Object.hasOwn(lock.decision.apps, name) || running.length === 0) return [];
    return [
      [name, { tier: 0, clusters: Object.fromEntries(running.map((cluster) => [cluster, usualReplicas])) }],
    ];
  });
  const placed = Object.fromEntries(found) as FleetLock["decision"]["apps"];
  return { ...lock, decision: { apps: { ...lock.decision.apps, ...placed } } };
}

/** A plan for people: what moves and why, what it costs at today's prices, and what must be known of it. */
export function formatPlan(replanned: Replanned): string {
  const { plan: found, lock, before } = replanned;
  const away = Object.keys(lock.givenUp ?? {});
  const unplaced = Object.keys(before.decision.apps).filter((app) => !Object.hasOwn(lock.decision.apps, app));
  return [
    formatLockDiff(diffOf(replanned)).trimEnd(),
    ...found.refused.map(refusalLines),
    ...unplaced.map(
      (app) => `${app} is placed no more: a program that still has it brings it to all of its clusters`,
    ),
    ...(found.overcommitted.length > 0 ? [`Too full: ${found.overcommitted.join(", ")}`] : []),
    ...(away.length > 0 ? [`Given up: ${away.join(", ")}`] : []),
    ...(found.factsFrom === undefined ? [] : [`From facts of ${found.factsFrom}`]),
    ...removalsOf(replanned).map(removalLine),
  ].join("\n");
}

/** What programs read. */
function describe(replanned: Replanned, isWritten: boolean): object {
  const { refused, overcommitted, factsFrom } = replanned.plan;
  return {
    ...diffOf(replanned),
    refused,
    overcommitted,
    givenUp: Object.keys(replanned.lock.givenUp ?? {}),
    removals: removalsOf(replanned).map(({ where, message }) => ({ where, message })),
    ...(factsFrom !== undefined && { factsFrom }),
    written: isWritten,
  };
}

// The lock's own cost is that of the day on which it was written.
function diffOf({ before, lock, plan: { moves, cost } }: Replanned): LockDiff {
  return { ...diffLocks(before, lock, moves), cost };
}

/** What a rollout of the decision would be refused for. */
function removalsOf({ before, lock }: Replanned): readonly Problem[] {
  const { apps } = lock.decision;
  const releases = Object.entries(before.releases).map(([app, running]) => {
    const decided = Object.hasOwn(apps, app) ? apps[app]?.clusters : undefined;
    const stays = Object.entries(running).filter(
      ([cluster]) => decided === undefined || Object.hasOwn(decided, cluster),
    );
    return [app, Object.fromEntries(stays)] as const;
  });
  const after = { ...before, releases: Object.fromEntries(releases) };
  return removalProblems(before, after);
}

function removalLine({ where, message }: Problem): string {
  const allowed = where === "fleet" ? "all" : where;
  return `keelson fleet up will want --allow-removal ${allowed}: ${where}: ${message}`;
}

function refusalLines({ app, reasons, clusters }: Refusal): string {
  const each = Object.entries(clusters).map(([cluster, text]) => `  ${cluster}: ${text}`);
  return [`${app} fits nowhere, and stays as it was: ${reasons.join("; ")}`, ...each].join("\n");
}
