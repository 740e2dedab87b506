import { KeelsonError } from "../errors.ts";
import { type KubeObject, nameOf } from "../kube/object.ts";
import { diffObjects } from "./diff.ts";
import { appliedDigest } from "./digest.ts";
import { valueAt } from "./fields.ts";
import { isGoneInTime } from "./gone.ts";
import { yieldFields } from "./ignored-fields.ts";
import { ownMarks, type Rules, type Step } from "./judge.ts";
import { findLive } from "./look.ts";
import { ConflictError, sendObject } from "./send.ts";
import type { Action, Session } from "./session.ts";

const rereads = 3;

export interface StepOptions {
  readonly rules: Rules;
  /** How long to wait for the end of an object that is being deleted, in milliseconds. */
  readonly patienceMs: number;
}

/** Does one step of a plan, and says what it has done. */
export async function applyStep(session: Session, step: Step, options: StepOptions): Promise<Action> {
  const { wanted } = step;
  if (step.drift !== undefined) {
    session.emit({ type: "object", object: wanted.key, action: "drifted", changes: step.drift });
    return "drifted";
  }
  const living = await pastDeletion(session, step, options.patienceMs);
  const { live, after } = await sendStep(session, living, options.rules);
  const changes = diffObjects(live, after, { ignore: ownMarks });
  const action = actionOf(live, after, {
    wasApplied: isApplied(live, step),
    isDifferent: changes.length > 0,
  });
  session.emit({ type: "object", object: wanted.key, action, changes });
  return action;
}

/** What is applied to an object that is being deleted goes with it. */
async function pastDeletion(session: Session, step: Step, patienceMs: number): Promise<Step> {
  const { live } = step;
  if (live?.metadata.deletionTimestamp === undefined) return step;
  if (await isGoneInTime(session, live, patienceMs)) return { ...step, live: undefined };
  const finalizers = live.metadata.finalizers?.join(", ") ?? "";
  throw new KeelsonError(
    "KEELSON_TIMEOUT",
    `Cannot apply ${nameOf(live)} on "${session.cluster}": it is being deleted${finalizers && `, and waits for ${finalizers}`}`,
    { fix: "Find out who should remove its finalizers, then run the same command again" },
  );
}

interface Sent {
  readonly live: KubeObject | undefined;
  readonly after: KubeObject;
}

/**
 * A field that somebody else decides on is sent with its live value as long as we are its only owner. If its value moves
 * meanwhile that is a conflict: the object is read again, and the field left to its new owner.
 */
async function sendStep(session: Session, step: Step, { manager }: Rules): Promise<Sent> {
  const { wanted, yielded, force } = step;
  let { live } = step;
  for (let attempt = 0; ; attempt += 1) {
    const object = yieldFields(wanted.object, live, { paths: yielded, manager });
    const isHeld = live !== undefined && yielded.some((path) => valueAt(object, path) !== undefined);
    try {
      const sending = { manager, force: force && !isHeld, isExpected: wanted.isExpected };
      return { live, after: await sendObject(session, object, sending) };
    } catch (error) {
      if (!(error instanceof ConflictError) || !isHeld || attempt === rereads) throw error;
      const moved = error.conflicts.some(({ field }) => yielded.includes(field.replace(/^\./u, "")));
      if (!moved && !force) throw error;
      if (!moved) {
        return {
          live,
          after: await sendObject(session, object, { manager, force, isExpected: wanted.isExpected }),
        };
      }
      live = await findLive(session, wanted.object);
    }
  }
}

function isApplied(live: KubeObject | undefined, { wanted }: Step): boolean {
  return live !== undefined && appliedDigest(live) === wanted.digest;
}

function actionOf(
  live: KubeObject | undefined,
  after: KubeObject,
  { wasApplied, isDifferent }: { readonly wasApplied: boolean; readonly isDifferent: boolean },
): Action {
  if (live === undefined || live.metadata.uid !== after.metadata.uid) return "created";
  if (live.metadata.resourceVersion === after.metadata.resourceVersion) return "unchanged";
  if (!wasApplied) return "changed";
  // The server also writes by itself, a status for example: that is no correction of ours.
  return isDifferent ? "corrected" : "unchanged";
}
