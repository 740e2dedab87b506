import { withReleases } from "../lock/lock.ts";
import type { FleetLock } from "../lock/lock.ts";
import { membersIn } from "./rollout.ts";
import type { Rollout, TargetState } from "./rollout.ts";
import type { MaintenanceWindow } from "./windows.ts";

/** What a driver does next. The releases are for the lock; `null` takes the app away. */
export type Step =
  /** Asks somebody, and tells `approved`. */
  | { readonly do: "approve"; readonly wave: number }
  /** Tells `opened` once a window is open; nothing of the wave was touched yet. */
  | { readonly do: "open"; readonly wave: number; readonly windows: readonly MaintenanceWindow[] }
  /** Tells `touching` and saves, then writes the lock and runs an update, and tells `applied`, `failed` or `silent`. */
  | { readonly do: "advance"; readonly wave: number; readonly releases: Targets }
  /** Waits at the gate, and tells `verified` or `failed`. */
  | { readonly do: "verify"; readonly wave: number; readonly clusters: readonly string[] }
  /** Tells `reverting` and saves, then writes the lock and runs an update, and tells `reverted`, `failed` or `silent`. */
  | { readonly do: "revert"; readonly wave: number; readonly releases: Targets }
  | { readonly do: "stop"; readonly exitCode: ExitCode };

/** Digests by cluster. */
export type Targets = Readonly<Record<string, string | null>>;

/** 0 everything runs, 2 halted, 3 rolled back, 4 some clusters still wait for their release. */
export type ExitCode = 0 | 2 | 3 | 4;

/** What is to be done next. It depends on the rollout alone, so a driver that was killed goes on where it was. */
export function nextStep(rollout: Rollout): Step {
  const { phase, wave } = rollout;
  if (phase === "forward") return stepForward(rollout);
  if (phase === "backward") {
    return { do: "revert", wave, releases: releasesOf(rollout, toRevert(rollout, wave), "from") };
  }
  return { do: "stop", exitCode: exitCodeOf(rollout) };
}

function stepForward(rollout: Rollout): Step {
  const { wave, waves, approved, opened = -1 } = rollout;
  const { approval = false, windows = [] } = waves[wave] ?? {};
  if (approval && approved < wave) return { do: "approve", wave };
  const open = membersIn(rollout, wave, new Set(["waiting", "touched"]));
  if (open.length === 0)
    return { do: "verify", wave, clusters: membersIn(rollout, wave, new Set(["applied"])) };
  if (windows.length > 0 && opened < wave) return { do: "open", wave, windows };
  return { do: "advance", wave, releases: releasesOf(rollout, open, "to") };
}

/** Clusters of a wave that may have the new release. */
export function toRevert(rollout: Rollout, wave: number): readonly string[] {
  const states = ["touched", "applied", "verified", "failed", "silent", "reverting"] as const;
  return membersIn(rollout, wave, new Set(states));
}

/** A lock with what a rollout has set by now. It follows from the rollout alone, so it is safe to write it again. */
export function withRollout(lock: FleetLock, { app, targets }: Rollout): FleetLock {
  const entries = Object.entries(targets).map(([name, { from, to, state }]) => [
    name,
    isOld(state) ? from : to,
  ]);
  return withReleases(lock, app, Object.fromEntries(entries) as Targets);
}

function isOld(state: TargetState): boolean {
  return state === "waiting" || state === "reverting" || state === "reverted" || state === "stranded";
}

function releasesOf({ targets }: Rollout, names: readonly string[], key: "from" | "to"): Targets {
  return Object.fromEntries(names.map((name) => [name, targets[name]?.[key] ?? null]));
}

function exitCodeOf({ phase, targets }: Rollout): ExitCode {
  if (phase === "halted") return 2;
  if (phase === "rolledBack") return 3;
  return Object.values(targets).every(({ state }) => state === "verified") ? 0 : 4;
}
