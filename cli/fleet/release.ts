import { removalProblems, type AllowedRemoval } from "../../clusters/waves/guards.ts";
import { type ExitCode, withRollout } from "../../clusters/waves/next-step.ts";
import { advanceRollout } from "../../clusters/waves/advance-rollout.ts";
import { type Rollout, startRollout, type Target } from "../../clusters/waves/rollout.ts";
import type { FleetLock } from "../../clusters/lock/lock.ts";
import { KeelsonError, ProblemsError } from "../../errors.ts";
import type { AppOffer } from "../../stacks/components/set-workload.ts";
import { drive, type DriveOptions } from "./drive.ts";
import type { FleetWorld } from "./world.ts";

export interface ReleaseOptions extends DriveOptions {
  /** What may be taken away from many clusters at once. @default [] */
  readonly allowRemoval?: AllowedRemoval;
  /** Lets a rollout that was halted go on with what failed. @default false */
  readonly retry?: boolean;
}

/**
 * Brings what the program offers for an app to its clusters, wave by wave. A rollout that is not over goes on first, with
 * the clusters and the release that it began with.
 *
 * @throws ProblemsError if the release would take away more than a slip should be able to
 */
export async function release(
  world: FleetWorld,
  app: string,
  offer: AppOffer,
  options: ReleaseOptions = {},
): Promise<ExitCode> {
  const saved = await world.readRollout(app);
  const open = saved === undefined ? undefined : reopened(saved, options.retry === true);
  if (open !== undefined) {
    const exitCode = await begin(world, open, { ...options, resumed: true });
    if (exitCode === 2 || exitCode === 3) return exitCode;
    // It waits for something.
    if (exitCode !== 0 && (await world.readRollout(app))?.phase === "forward") return exitCode;
  }
  const lock = await world.readLock();
  const rollout = newRollout(app, offer, lock);
  if (Object.values(rollout.targets).every(({ from, to }) => from === to))
    return converge(world, rollout, options);
  refuseMassRemoval(lock, rollout, options.allowRemoval);
  return begin(world, rollout, { ...options, resumed: false });
}

/**
 * Takes the last release of an app back, the last wave first.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if there is none to take back
 */
export async function rollBack(
  world: FleetWorld,
  app: string,
  options: DriveOptions = {},
): Promise<ExitCode> {
  const saved = await world.readRollout(app);
  if (saved === undefined) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      `Cannot roll back "${app}": it was never rolled out from here`,
    );
  }
  return begin(world, advanceRollout(saved, { type: "rollback" }), {
    ...options,
    resumed: saved.phase === "backward",
  });
}

/** What the lock would be if a rollout went well. */
export function lockAfter(lock: FleetLock, rollout: Rollout): FleetLock {
  const done = Object.entries(rollout.targets).map(([name, target]): [string, Target] => [
    name,
    { ...target, state: "applied" },
  ]);
  return withRollout(lock, { ...rollout, targets: Object.fromEntries(done) });
}

/** The rollout of what is offered, from what runs. */
export function newRollout(app: string, { clusters, waves, rules }: AppOffer, lock: FleetLock): Rollout {
  const to = Object.entries(clusters).map(([name, offer]) => [name, offer.release] as const);
  const from = Object.hasOwn(lock.releases, app) ? (lock.releases[app] ?? {}) : {};
  return startRollout({ app, rules, waves, from, to: Object.fromEntries(to) });
}

function reopened(saved: Rollout, retry: boolean): Rollout | undefined {
  if (saved.phase === "forward" || saved.phase === "backward") return saved;
  return saved.phase === "halted" && retry ? advanceRollout(saved, { type: "resume" }) : undefined;
}

/** Nothing is new: an ordinary update serves who was silent, and repairs. */
async function converge(world: FleetWorld, rollout: Rollout, { onEvent }: ReleaseOptions): Promise<ExitCode> {
  const { app } = rollout;
  const update = await world.update(app);
  const outcomes = await Promise.all(Object.keys(rollout.targets).map((cluster) => update.of(cluster)));
  const failed = outcomes.find(({ state }) => state === "failed");
  const isServed = outcomes.every(({ state }) => state === "applied" || state === "gone");
  const exitCode = failed !== undefined ? 2 : isServed ? 0 : 4;
  onEvent?.({
    type: "ends",
    app,
    exitCode,
    ...(failed?.state === "failed" && { reason: failed.reason }),
  });
  return exitCode;
}

async function begin(
  world: FleetWorld,
  rollout: Rollout,
  { resumed, ...options }: DriveOptions & { readonly resumed: boolean },
): Promise<ExitCode> {
  const states = Object.entries(rollout.targets).map(([cluster, { state }]) => [cluster, state] as const);
  options.onEvent?.({
    type: "begins",
    app: rollout.app,
    waves: rollout.waves.map(({ clusters }) => clusters),
    names: rollout.waves.map(({ name }) => name),
    states: Object.fromEntries(states),
    resumed,
  });
  return drive(world, rollout, options);
}

function refuseMassRemoval(lock: FleetLock, rollout: Rollout, allowed: AllowedRemoval | undefined): void {
  const problems = removalProblems(lock, lockAfter(lock, rollout), allowed);
  if (problems.length > 0) throw new ProblemsError(`roll out "${rollout.app}"`, problems);
}
