import type { KubeObject } from "../kube/object.ts";
import { parallel } from "../remote/parallel.ts";
import type { ApplyOptions } from "./apply.ts";
import { decide, rulesOf } from "./decide.ts";
import { diffObjects, type FieldChange } from "./diff.ts";
import { yieldFields } from "./ignored-fields.ts";
import { isKept, ownMarks, type Rules, type Step } from "./judge.ts";
import { keyOf } from "./object-id.ts";
import { ConflictError, type FieldConflict, RefusedError, sendObject } from "./send.ts";
import { type Action, openSession, type Session, signalOf, type TargetCluster } from "./session.ts";

/** What applying would do with an object. */
export interface Preview {
  /** `apps/Deployment shop/web`. */
  readonly object: string;
  readonly action: Action;
  /** The fields as the server says that they would be; values of Secrets are masked. */
  readonly changes: readonly FieldChange[];
  /** Fields of others for which the apply would be refused. */
  readonly conflicts: readonly FieldConflict[];
  /** False if the server could not be asked, since the object's kind or namespace is only made by the same set. */
  readonly isVerified: boolean;
}

/**
 * Says what `apply` would do with the same arguments, object by object, and changes nothing: the server itself is asked
 * with a dry run, so that its defaults, its admission and its refusals count.
 *
 * @throws what `apply` throws before it touches anything, and what the server refuses
 */
export async function preview(
  cluster: TargetCluster,
  objects: readonly KubeObject[],
  options: ApplyOptions,
): Promise<readonly Preview[]> {
  const session = openSession(cluster, objects, options);
  const rules = rulesOf(options);
  const { steps, leftovers } = await decide(session, objects, rules);
  const previews = await parallel(
    steps,
    {
      what: `preview on "${cluster.name}"`,
      where: ({ wanted }) => wanted.key,
      limit: session.limit,
      ...signalOf(session),
    },
    async (step) => previewStep(session, step, rules),
  );
  return [...previews, ...leftovers.map(previewLeftover)];
}

async function previewStep(session: Session, step: Step, rules: Rules): Promise<Preview> {
  const { wanted, live } = step;
  const outcome = { object: wanted.key, conflicts: [], isVerified: true };
  if (step.drift !== undefined) return { ...outcome, action: "drifted", changes: step.drift };
  const { after, conflicts, isVerified } = await askServer(session, step, rules);
  const changes = diffObjects(live, after, { ignore: ownMarks });
  if (live === undefined) return { ...outcome, action: "created", changes, conflicts, isVerified };
  const action = changes.length === 0 ? "unchanged" : "changed";
  return { ...outcome, action, changes, conflicts, isVerified };
}

interface Answer {
  readonly after: KubeObject;
  readonly conflicts: readonly FieldConflict[];
  readonly isVerified: boolean;
}

async function askServer(session: Session, step: Step, { manager }: Rules): Promise<Answer> {
  const { wanted, live, yielded, force } = step;
  const object = yieldFields(wanted.object, live, { paths: yielded, manager });
  const ask = async (forced: boolean): Promise<KubeObject> =>
    sendObject(session, object, { manager, force: forced, dryRun: true });
  try {
    return { after: await ask(force), conflicts: [], isVerified: true };
  } catch (error) {
    if (error instanceof ConflictError) {
      return { after: await ask(true), conflicts: error.conflicts, isVerified: true };
    }
    if (wanted.isExpected && live === undefined && isMissing(error))
      return { after: object, conflicts: [], isVerified: false };
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof RefusedError && (error.status === 404 || error.status === undefined);
}

function previewLeftover(member: KubeObject): Preview {
  const isStaying = isKept(member);
  return {
    object: keyOf(member),
    action: isStaying ? "kept" : "pruned",
    changes: isStaying ? [] : diffObjects(member, undefined, { ignore: ownMarks }),
    conflicts: [],
    isVerified: true,
  };
}
