import type { KubeObject } from "../kube/object.ts";
import { appliedDigest, releaseDigest } from "./digest.ts";
import { valueAt } from "./fields.ts";
import { groupOf, keyOf } from "./object-id.ts";
import type { Status } from "./status-rules.ts";
import { statusOf } from "./status.ts";

/** How an object of a set is. */
export interface ObjectHealth {
  /** `apps/Deployment shop/web`. */
  readonly object: string;
  readonly status: Status | "Paused";
  readonly message: string;
}

/** How a set is: `failed` needs somebody, `progressing` needs time. */
export interface SetHealth {
  readonly state: "healthy" | "progressing" | "failed";
  /** Digest of what the members are. */
  readonly release: string;
  /** Why it is not healthy. */
  readonly reasons: readonly string[];
  readonly objects: readonly ObjectHealth[];
}

/**
 * Judges the members of a set. It is healthy if they are exactly the wanted release and the controllers of the cluster
 * are done with it. No members, a status of another generation, the objects of another release and what is paused are
 * not healthy, whatever their conditions say. Pure.
 */
export function judgeSet(
  members: readonly KubeObject[],
  wantedRelease: string,
  now: Date = new Date(),
): SetHealth {
  const release = releaseDigest(members.map(appliedDigest));
  const objects = members.map((member) => healthOf(member, now));
  const bad = objects.filter(({ status }) => status !== "Current");
  const reasons = [
    ...(members.length === 0 ? ["the set is empty"] : []),
    ...(release === wantedRelease ? [] : ["its objects are not those of the release, or not all of them"]),
    ...bad.map(({ object, status, message }) => `${object} is ${status}: ${message}`),
  ];
  const hasFailed = bad.some(({ status }) => status === "Failed");
  return { state: stateOf(reasons.length > 0, hasFailed), release, reasons, objects };
}

function stateOf(hasReasons: boolean, hasFailed: boolean): SetHealth["state"] {
  if (!hasReasons) return "healthy";
  return hasFailed ? "failed" : "progressing";
}

function healthOf(member: KubeObject, now: Date): ObjectHealth {
  const object = keyOf(member);
  const { status, message } = statusOf(member, now);
  return status === "Current" && isPaused(member)
    ? { object, status: "Paused", message: "nothing that was applied to it will happen" }
    : { object, status, message };
}

/** A rollout that stands still looks finished. */
function isPaused(object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  if (group === "batch" && object.kind === "Job") return valueAt(object, "spec.suspend") === true;
  return object.kind !== "CronJob" && valueAt(object, "spec.paused") === true;
}
