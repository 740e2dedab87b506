import { KeelsonError, throwIfAborted } from "../errors.ts";
import type { Runner } from "../remote/runner.ts";
import { withHostLock } from "./host-lock.ts";
import type { Operation } from "./operation.ts";
import { settleLeftovers } from "./leftovers.ts";
import type { Change, HostView, Phase } from "./view.ts";

/** Phases that are judged on one look and run at once, save that some wait for others, which come before them here. */
export type Step<View extends HostView> = readonly Phase<View>[];

/** The phases, each waiting for those of the same step that `which` names, and for those that it waits for anyway. */
export function after<View extends HostView>(
  which: (view: View) => readonly Pick<Phase, "title">[],
  phases: Step<View>,
): Step<View> {
  return phases.map((phase) => ({
    ...phase,
    after: (view) => [...(phase.after?.(view) ?? []), ...which(view)],
  }));
}

export interface PlanTarget<View extends HostView> {
  readonly host: string;
  /** Undefined for a host that does not exist yet: it can be previewed only. */
  readonly runner: Runner | undefined;
  /** Reads the host (and its Node) anew. Changes nothing. */
  readonly look: () => Promise<View>;
  /** Reads the Node alone anew. @default - the host is read, too */
  readonly lookAtNode?: (view: View) => Promise<View>;
  /** Throws if the host must not be touched. */
  readonly judge: (view: View) => void;
}

/**
 * Brings a host through the steps. Every change goes through the one door in here; after a step that changed something
 * the host is read again, or its Node if that alone was changed, and the step must have nothing left to do. A preview
 * lists the same changes and makes none.
 *
 * @returns the view at the end
 * @throws KeelsonError KEELSON_COMMAND_FAILED if a phase ran and its postcondition does not hold
 */
export async function runPlan<View extends HostView>(
  operation: Operation,
  target: PlanTarget<View>,
  steps: readonly Step<View>[],
): Promise<View> {
  const { runner, host } = target;
  if (operation.preview) return preview(operation, target, steps);
  if (runner === undefined) {
    throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot change ${host}: its address is unknown`);
  }
  const work = async (): Promise<View> => {
    let view = await target.look();
    target.judge(view);
    if (await settleLeftovers(runner, view.facts, operation)) view = await target.look();
    const unseen: Step<View>[] = [];
    for (const step of steps) {
      if (!(await runStep({ operation, runner, host }, step, view))) continue;
      unseen.push(step);
      if (step.every(({ isSeenLater }) => isSeenLater === true)) continue;
      view = await lookAgain(target, unseen, view);
      verify(host, unseen.splice(0), view);
    }
    if (unseen.length === 0) return view;
    view = await target.look();
    verify(host, unseen, view);
    return view;
  };
  const onWaiting = (why: string): void => {
    operation.log(host, why);
  };
  return withHostLock(runner, operation.signal, work, { onWaiting });
}

/** What the steps would change on a host that is as this view says. Pure. */
export function plannedChanges<View extends HostView>(
  steps: readonly Step<View>[],
  view: View,
): readonly Change[] {
  return steps.flat().flatMap((phase) => phase.plan(view));
}

async function preview<View extends HostView>(
  operation: Operation,
  { host, runner, look, judge }: PlanTarget<View>,
  steps: readonly Step<View>[],
): Promise<View> {
  const view = await look();
  judge(view);
  const assumed = runner === undefined ? ({ isAssumed: true } as const) : {};
  for (const { intent } of plannedChanges(steps, view))
    operation.onIntent({ host, what: intent, ...assumed });
  return view;
}

function lookAgain<View extends HostView>(
  { look, lookAtNode }: PlanTarget<View>,
  steps: readonly Step<View>[],
  view: View,
): Promise<View> {
  const isOfNode = steps.flat().every((phase) => phase.isOfNode?.(view) === true);
  return isOfNode && lookAtNode ? lookAtNode(view) : look();
}

interface Door {
  readonly operation: Operation;
  readonly runner: Runner;
  readonly host: string;
}

/**
 * All phases of a step end before an error is raised, so that nothing runs on unseen; one that waits for a phase that fails
 * does not begin.
 */
async function runStep<View extends HostView>(door: Door, step: Step<View>, view: View): Promise<boolean> {
  const runs = new Map<string, Promise<boolean>>();
  for (const phase of step) {
    const earlier = (phase.after?.(view) ?? []).flatMap(({ title }) => runs.get(title) ?? []);
    const run = async (): Promise<boolean> => {
      await Promise.all(earlier);
      return runPhase(door, phase, view);
    };
    runs.set(phase.title, run());
  }
  const outcomes = await Promise.allSettled(runs.values());
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return outcomes.some((outcome) => outcome.status === "fulfilled" && outcome.value);
}

async function runPhase<View extends HostView>(
  { operation, runner, host }: Door,
  phase: Phase<View>,
  view: View,
): Promise<boolean> {
  const changes = phase.plan(view);
  if (changes.length === 0) return false;
  operation.onPhase?.(host, phase.title);
  for (const { intent, work } of changes) {
    throwIfAborted(operation.signal, `${intent} on ${host}`);
    operation.onIntent({ host, what: intent });
    const log = (line: string): void => {
      operation.log(host, line);
    };
    await work({ runner, signal: operation.signal, log });
  }
  return true;
}

function verify<View extends HostView>(host: string, steps: readonly Step<View>[], view: View): void {
  const left = plannedChanges(steps, view).map(({ intent }) => intent);
  if (left.length === 0) return;
  throw new KeelsonError(
    "KEELSON_COMMAND_FAILED",
    `Cannot finish ${host}: still to do after it was done: "${left.join('", "')}"`,
    { fix: "Find out what changes the host back; a second tool that manages it, for example" },
  );
}
