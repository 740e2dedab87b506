import { KeelsonError } from "../../errors.ts";
import { toRevert } from "./next-step.ts";
import { membersIn } from "./rollout.ts";
import type { Rollout, Target, TargetState } from "./rollout.ts";

/** What happens to a rollout. Events that come late or twice change nothing. */
export type RolloutEvent =
  | { readonly type: "approved" | "opened"; readonly wave: number }
  | { readonly type: "touching" | "reverting"; readonly clusters: readonly string[] }
  | { readonly type: "applied" | "verified" | "silent" | "reverted"; readonly cluster: string }
  | { readonly type: "failed"; readonly cluster: string; readonly reason: string }
  /** The deadline of the wave has passed: what is not verified by now has failed. */
  | { readonly type: "expired" }
  /** Somebody stops it; the reason is for people. */
  | { readonly type: "halt"; readonly reason: string }
  /** Somebody wants the releases back that were there before. */
  | { readonly type: "rollback" }
  /** Somebody lets a halted rollout go on: what failed or was silent in its wave is tried again. */
  | { readonly type: "resume" };

/**
 * A rollout after an event. Pure.
 *
 * @throws KEELSON_INTERNAL if a driver says that it touches a cluster whose turn it is not
 */
export function advanceRollout(rollout: Rollout, event: RolloutEvent): Rollout {
  return settle(apply(rollout, event));
}

type Change = readonly [from: readonly TargetState[], to: TargetState];

const forward: Readonly<Record<"applied" | "verified" | "silent" | "failed", Change>> = {
  applied: [["touched"], "applied"],
  verified: [["applied"], "verified"],
  silent: [["touched", "applied"], "silent"],
  failed: [["touched", "applied"], "failed"],
};

const backward: Readonly<Record<"reverted" | "silent" | "failed", Change>> = {
  reverted: [["reverting"], "reverted"],
  silent: [["reverting"], "stranded"],
  failed: [["reverting"], "stranded"],
};

function apply(rollout: Rollout, event: RolloutEvent): Rollout {
  switch (event.type) {
    case "touching":
      requireTurn(rollout, "forward", event.clusters);
      return change(rollout, event.clusters, [["waiting", "touched"], "touched"]);
    case "reverting":
      requireTurn(rollout, "backward", event.clusters);
      return change(rollout, event.clusters, [
        ["touched", "applied", "verified", "failed", "silent"],
        "reverting",
      ]);
    case "approved":
    case "opened":
    case "expired":
    case "halt":
    case "resume":
    case "rollback":
      return steer(rollout, event);
    default:
      return applyOutcome(rollout, event);
  }
}

type Steering = Extract<
  RolloutEvent,
  { type: "approved" | "opened" | "expired" | "halt" | "resume" | "rollback" }
>;

// What concerns the rollout as a whole. Each makes sense in some phases only.
function steer(rollout: Rollout, event: Steering): Rollout {
  const { phase, wave } = rollout;
  if (event.type === "rollback")
    return phase === "backward" || phase === "rolledBack" ? rollout : { ...rollout, phase: "backward" };
  if (event.type === "resume") return phase === "halted" ? tryAgain(rollout) : rollout;
  if (phase !== "forward") return rollout;
  if (event.type === "approved" || event.type === "opened")
    return event.wave === wave ? { ...rollout, [event.type]: wave } : rollout;
  if (event.type === "halt") return { ...rollout, phase: "halted", reason: event.reason };
  const reason = `wave "${nameOf(rollout)}" passed its deadline`;
  return change({ ...rollout, reason }, membersOf(rollout), [["waiting", "touched", "applied"], "failed"]);
}

// It may be hours later, so it needs a window again.
function tryAgain(rollout: Rollout): Rollout {
  const again = { ...rollout, phase: "forward" as const, opened: rollout.wave - 1 };
  return change(again, membersOf(rollout), [["failed", "silent"], "waiting"]);
}

function membersOf({ waves, wave }: Rollout): readonly string[] {
  return waves[wave]?.clusters ?? [];
}

type Outcome = Extract<RolloutEvent, { readonly cluster: string }>;

function applyOutcome(rollout: Rollout, event: Outcome): Rollout {
  const { type, cluster } = event;
  if (!membersOf(rollout).includes(cluster)) return rollout;
  const reason = type === "failed" ? `"${cluster}": ${event.reason}` : undefined;
  if (rollout.phase === "forward" && type !== "reverted") {
    const next = change(rollout, [cluster], forward[type]);
    return next === rollout || reason === undefined ? next : { ...next, reason };
  }
  if (rollout.phase === "backward" && type !== "applied" && type !== "verified")
    return change(rollout, [cluster], backward[type]);
  return rollout;
}

// Moves on to the next wave, back or to the end, as far as the states of the clusters allow.
function settle(rollout: Rollout): Rollout {
  if (rollout.phase === "forward") return settleForward(rollout);
  if (rollout.phase !== "backward" || toRevert(rollout, rollout.wave).length > 0) return rollout;
  return rollout.wave === 0
    ? { ...rollout, phase: "rolledBack" }
    : settle({ ...rollout, wave: rollout.wave - 1 });
}

function settleForward(rollout: Rollout): Rollout {
  const { wave, waves, rules, targets } = rollout;
  const states = Object.values(targets).map(({ state }) => state);
  if (states.filter((state) => state === "failed").length > rules.maxFailures)
    return settle({ ...rollout, phase: rules.onFailure === "rollback" ? "backward" : "halted" });
  if (membersIn(rollout, wave, new Set(["waiting", "touched", "applied"])).length > 0) return rollout;
  const next = waves[wave + 1];
  if (next === undefined) return { ...rollout, phase: "done" };
  // A wave of which nobody was verified has shown nothing.
  if (membersIn(rollout, wave, new Set(["verified"])).length === 0)
    return { ...rollout, phase: "halted", reason: `no cluster of wave "${nameOf(rollout)}" was verified` };
  // Nothing is taken away while a replacement is not known to work: the next run does it.
  if (next.removal && Object.values(targets).some(isUnproven)) return { ...rollout, phase: "done" };
  return { ...rollout, wave: wave + 1 };

  function isUnproven(target: Target): boolean {
    return target.wave <= wave && target.state !== "verified";
  }
}

function change(rollout: Rollout, names: readonly string[], [from, to]: Change): Rollout {
  const changed = names.flatMap((name): readonly (readonly [string, Target])[] => {
    const target = rollout.targets[name];
    return target !== undefined && from.includes(target.state) ? [[name, { ...target, state: to }]] : [];
  });
  if (changed.length === 0) return rollout;
  return { ...rollout, targets: { ...rollout.targets, ...Object.fromEntries(changed) } };
}

function requireTurn(rollout: Rollout, phase: Rollout["phase"], names: readonly string[]): void {
  const turn = rollout.phase === phase ? membersOf(rollout) : [];
  const others = names.filter((name) => !turn.includes(name));
  if (others.length === 0) return;
  const state = `it is ${rollout.phase} in wave "${nameOf(rollout)}"`;
  throw new KeelsonError(
    "KEELSON_INTERNAL",
    `Cannot touch ${others.join(", ")} for "${rollout.app}": ${state}`,
  );
}

function nameOf({ waves, wave }: Rollout): string {
  return waves[wave]?.name ?? "";
}
