import { type Problem, ProblemsError } from "../errors.ts";
import type { KubeObject } from "../kube/object.ts";
import { parallel } from "../remote/parallel.ts";
import { type Inventory, partOfLabel, setId } from "./apply-set.ts";
import { diffObjects, type FieldChange } from "./diff.ts";
import { appliedDigest, digestAnnotation } from "./digest.ts";
import { type IgnoredField, ignoredIn, yieldFields } from "./ignored-fields.ts";
import type { Seen } from "./look.ts";
import { sendObject } from "./send.ts";
import { type Session, signalOf } from "./session.ts";
import { groupOf, keyOf } from "./object-id.ts";
import type { Release, WantedObject } from "./wanted.ts";

/** Whether a living object that belongs to nobody or to somebody else is taken over. */
export type Adoption = "always" | "ifNoDiff" | "never";

/** What becomes of a living object that is not as it was applied. */
export type DriftRule = "correct" | "report" | "halt";

export interface Rules {
  readonly inventory: Inventory;
  /** Where objects without a namespace go. */
  readonly namespace: string;
  readonly manager: string;
  readonly adopt: Adoption;
  readonly drift: DriftRule;
  readonly force: boolean;
  readonly ignore: readonly IgnoredField[];
  readonly allowRemoval: boolean;
}

/** What is to be done with one object. */
export interface Step {
  readonly wanted: WantedObject;
  readonly live: KubeObject | undefined;
  /** Whether fields of others are taken over. */
  readonly force: boolean;
  /** The fields that somebody else decides on. */
  readonly yielded: readonly string[];
  /** What has drifted and is only reported; undefined if the object is applied. */
  readonly drift: readonly FieldChange[] | undefined;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Members that are not wanted any more. */
  readonly leftovers: readonly KubeObject[];
}

/** The paths that keelson itself writes into every object. */
export const ownMarks: readonly (readonly string[])[] = [
  ["metadata", "labels", partOfLabel],
  ["metadata", "annotations", digestAnnotation],
];

/**
 * Decides what is to be done, before anything is.
 *
 * @throws ProblemsError with everything that the rules forbid: adoptions, drift that halts, removals
 */
export async function judge(session: Session, circumstances: Circumstances): Promise<Plan> {
  const { release, seen, rules } = circumstances;
  const wantedKeys = new Set(release.objects.map(({ key }) => key));
  const leftovers = [...seen.members.values()].filter((member) => !wantedKeys.has(keyOf(member)));
  const judged = await parallel(
    release.objects,
    {
      what: `judge the objects on "${session.cluster}"`,
      where: ({ key }) => key,
      limit: session.limit,
      ...signalOf(session),
    },
    async (wanted) => judgeObject(session, stepFor(wanted, seen, rules), circumstances),
  );
  const problems = [
    ...judged.flatMap(({ problem }) => problem ?? []),
    ...(rules.allowRemoval ? [] : removalProblems(leftovers)),
  ];
  if (problems.length > 0) throw new ProblemsError(`apply to "${session.cluster}"`, problems);
  return { steps: judged.map(({ step }) => step), leftovers };
}

/** Why these objects must not be deleted unless somebody says so: more than the app itself would go with them. Pure. */
export function removalProblems(objects: readonly KubeObject[]): readonly Problem[] {
  return objects.filter(isHolder).map((object) => ({
    code: "KEELSON_REMOVAL_REFUSED",
    where: keyOf(object),
    message: "it would be deleted, with everything that it holds",
    fix: "Allow the removal if it is meant, or keep the object with an annotation",
  }));
}

/** Whether an object asks to be left in the cluster when its set does not want it any more. */
export function isKept({ metadata: { annotations = {} } }: KubeObject): boolean {
  return (
    annotations["client.lifecycle.config.k8s.io/deletion"] === "detach" ||
    annotations["cli-utils.sigs.k8s.io/on-remove"] === "keep" ||
    annotations["helm.sh/resource-policy"] === "keep"
  );
}

/** What a judgement rests on. */
export interface Circumstances {
  readonly rules: Rules;
  readonly seen: Seen;
  readonly release: Release;
}

interface Judged {
  readonly step: Step;
  readonly problem?: Problem;
}

function stepFor(wanted: WantedObject, seen: Seen, rules: Rules): Step {
  const live = seen.members.get(wanted.key) ?? seen.others.get(wanted.key);
  const isOurs = live !== undefined && belongsTo(live, rules);
  // What we applied as it is wanted and is not so any more was changed by somebody else.
  const isApplied = isOurs && appliedDigest(live) === wanted.digest;
  const isTakenOver = live !== undefined && !isOurs && rules.adopt === "always";
  return {
    wanted,
    live,
    force: rules.force || (isApplied && rules.drift === "correct") || isTakenOver,
    yielded: ignoredIn(wanted.object, [...seen.scaled, ...rules.ignore]),
    drift: undefined,
  };
}

async function judgeObject(session: Session, step: Step, circumstances: Circumstances): Promise<Judged> {
  const { rules, seen, release } = circumstances;
  const { wanted, live } = step;
  if (live === undefined) {
    const isMissing = seen.record.release === release.digest;
    return isMissing ? judgeDrift(step, rules, [{ path: "", after: "the object itself" }]) : { step };
  }
  if (!belongsTo(live, rules)) return judgeAdoption(session, step, rules);
  if (rules.drift === "correct" || appliedDigest(live) !== wanted.digest) return { step };
  return judgeDrift(step, rules, await wouldChange(session, step, rules));
}

function judgeDrift(step: Step, { drift }: Rules, changes: readonly FieldChange[]): Judged {
  if (changes.length === 0 || drift === "correct") return { step };
  if (drift === "report") return { step: { ...step, drift: changes } };
  const fields = changes.map(({ path }) => path).join(", ");
  const message = step.live === undefined ? "somebody has deleted it" : `somebody has changed ${fields}`;
  return { step, problem: { code: "KEELSON_DRIFT", where: step.wanted.key, message } };
}

async function judgeAdoption(session: Session, step: Step, rules: Rules): Promise<Judged> {
  const { wanted, live } = step;
  const other = live?.metadata.labels?.[partOfLabel];
  const foreign = (message: string): Judged => ({
    step,
    problem: { code: "KEELSON_OBJECT_FOREIGN", where: wanted.key, message },
  });
  if (rules.adopt === "always") return { step };
  if (other !== undefined) return foreign(`it is a member of another set, "${other}"`);
  if (rules.adopt === "never") return foreign("it is there already, and was not applied from here");
  const fields = (await wouldChange(session, step, rules)).map(({ path }) => path);
  return fields.length === 0
    ? { step }
    : foreign(`it is there already, was not applied from here, and differs in ${fields.join(", ")}`);
}

/** What applying would change in a living object, besides our own marks. */
async function wouldChange(
  session: Session,
  { wanted, live, yielded }: Step,
  { manager }: Rules,
): Promise<readonly FieldChange[]> {
  const sent = yieldFields(wanted.object, live, { paths: yielded, manager });
  const after = await sendObject(session, sent, { manager, force: true, dryRun: true });
  return diffObjects(live, after, { ignore: ownMarks });
}

/** Ours is what carries our label, and what we have applied though somebody took the label away. */
function belongsTo({ metadata }: KubeObject, { inventory, manager }: Rules): boolean {
  const part = metadata.labels?.[partOfLabel];
  if (part !== undefined) return part === setId(inventory);
  return (metadata.managedFields ?? []).some(
    (entry) => entry.manager === manager && entry.operation === "Apply",
  );
}

const holders = new Set([
  "Namespace",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "apiextensions.k8s.io/CustomResourceDefinition",
]);

function isHolder(object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  return holders.has(group === "" ? object.kind : `${group}/${object.kind}`) && !isKept(object);
}
