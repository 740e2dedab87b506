import { type KubeObject, nameOf } from "../kube/object.ts";
import { parallel } from "../remote/parallel.ts";
import { waitFor } from "../remote/wait.ts";
import { type Inventory, scopeOf, widened } from "./apply-set.ts";
import { applyStep } from "./apply-step.ts";
import { decide, type Decision, rulesOf } from "./decide.ts";
import { idOf } from "./object-id.ts";
import type { IgnoredField } from "./ignored-fields.ts";
import type { Adoption, DriftRule, Rules, Step } from "./judge.ts";
import { findLive } from "./look.ts";
import { orderObjects } from "./order.ts";
import { writeParent } from "./parent.ts";
import { prune } from "./prune.ts";
import {
  type Action,
  type DeliveryOptions,
  openSession,
  type Session,
  signalOf,
  type TargetCluster,
} from "./session.ts";
import { statusOf } from "./status.ts";

/** What may be done with an app's objects, and in whose name. */
export interface DeliveryRules {
  readonly inventory: Inventory;
  /** Where objects without a namespace go. @default - the inventory's */
  readonly namespace?: string;
  /** Who owns the fields. @default "keelson/<namespace>/<name>" of the inventory */
  readonly fieldManager?: string;
  /**
   * Whether objects are taken over that are there already and were not applied from here.
   * @default "ifNoDiff"
   */
  readonly adopt?: Adoption;
  /** What becomes of objects that somebody changed since they were applied. @default "correct" */
  readonly drift?: DriftRule;
  /** Whether to take over fields that other managers own with other values. @default false */
  readonly force?: boolean;
  /** Fields that somebody else decides on. @default - the replicas of what an autoscaler scales, which are always so */
  readonly ignore?: readonly IgnoredField[];
  /** Whether Namespaces, definitions and volumes may be deleted that are not wanted any more. @default false */
  readonly allowRemoval?: boolean;
}

export interface ApplyOptions extends DeliveryRules, DeliveryOptions {
  /**
   * How long to wait for each object that others depend on, and for the end of deleted ones, in milliseconds.
   * @default 60000
   */
  readonly patienceMs?: number;
}

/** What became of an object. */
export interface Applied {
  /** `apps/Deployment shop/web`. */
  readonly object: string;
  readonly action: Action;
}

export interface ApplyResult {
  /** Digest of the release; health is judged against it. */
  readonly release: string;
  readonly objects: readonly Applied[];
}

/**
 * Makes a cluster hold exactly these objects of an app: applies them server-side in the order of their dependencies and
 * deletes what the app had and does not want any more. Everything is looked at and judged before anything is touched;
 * an interrupted run is finished by running again.
 *
 * @throws ProblemsError if the objects or the rules forbid it, nothing was touched then, or if the server refused
 * several objects; ConflictError; KubeError; KeelsonError KEELSON_LOCKED if another run works on the same set,
 * KEELSON_API_UNAVAILABLE, KEELSON_TIMEOUT, KEELSON_ABORTED
 */
export async function apply(
  cluster: TargetCluster,
  objects: readonly KubeObject[],
  options: ApplyOptions,
): Promise<ApplyResult> {
  const session = openSession(cluster, objects, options);
  const rules = rulesOf(options);
  const decision = await decide(session, objects, rules);
  const { release, seen, leftovers } = decision;
  const home = { inventory: rules.inventory, manager: rules.manager };
  const patienceMs = options.patienceMs ?? 60_000;
  const scope = scopeOf(
    rules.inventory,
    release.objects.map(({ object }) => idOf(object)),
  );

  session.emit({ type: "begins" });
  const early = await makeHome(session, decision, { rules, patienceMs });
  const wide = await writeParent(session, home, {
    record: widened(seen.record, scope),
    before: seen.parent,
  });
  const steps = decision.steps.filter((step) => step !== early?.step);
  const applied = await applyStages(session, steps, { rules, patienceMs });
  const pruned = await prune(session, leftovers, { ...home, patienceMs });
  // What is still going stays in the inventory, so that the next run finds it.
  const left = scopeOf(rules.inventory, pruned.terminating.map(idOf));
  await writeParent(session, home, {
    record: widened({ ...scope, release: release.digest }, left),
    before: wide,
  });
  return {
    release: release.digest,
    objects: [...(early === undefined ? [] : [early.applied]), ...applied, ...pruned.objects],
  };
}

interface Applying {
  readonly rules: Rules;
  readonly patienceMs: number;
}

/** The inventory's namespace must be there before the inventory; a set may bring its own. */
async function makeHome(
  session: Session,
  { steps, seen }: Decision,
  applying: Applying,
): Promise<{ readonly step: Step; readonly applied: Applied } | undefined> {
  const { namespace } = applying.rules.inventory;
  const step = steps.find(({ wanted: { key } }) => key === `Namespace ${namespace}`);
  if (seen.parent !== undefined || step === undefined || step.live !== undefined) return undefined;
  return { step, applied: await applyOne(session, step, applying) };
}

async function applyOne(session: Session, step: Step, { rules, patienceMs }: Applying): Promise<Applied> {
  return { object: step.wanted.key, action: await applyStep(session, step, { rules, patienceMs }) };
}

async function applyStages(
  session: Session,
  steps: readonly Step[],
  applying: Applying,
): Promise<readonly Applied[]> {
  const byObject = new Map(steps.map((step) => [step.wanted.object, step]));
  const applied: Applied[] = [];
  for (const stage of orderObjects([...byObject.keys()])) {
    const results = await parallel(
      stage.objects.flatMap((object) => byObject.get(object) ?? []),
      {
        what: `apply to "${session.cluster}"`,
        where: ({ wanted }) => wanted.key,
        limit: session.limit,
        ...signalOf(session),
      },
      async (step) => applyOne(session, step, applying),
    );
    applied.push(...results);
    for (const object of stage.awaited) await waitUntilCurrent(session, object, applying.patienceMs);
  }
  return applied;
}

async function waitUntilCurrent(session: Session, object: KubeObject, deadlineMs: number): Promise<void> {
  let why = "it is not there";
  await waitFor({
    what: `${nameOf(object)} on "${session.cluster}" to be ready for what depends on it`,
    deadlineMs,
    ...signalOf(session),
    probe: async () => {
      const live = await findLive(session, object);
      if (live === undefined) return undefined;
      const { status, message } = statusOf(live);
      why = message;
      return status === "Current" ? true : undefined;
    },
    diagnose: () => Promise.resolve(why),
    onWaiting: (reason) => {
      session.emit({ type: "waiting", why: `${nameOf(object)}: ${reason}` });
    },
  });
}
