import type { KubeObject } from "../kube/object.ts";
import { conditionsOf, type Field, integer, text } from "./fields.ts";
import { type Judgement, statusRules } from "./status-rules.ts";

/**
 * How far the controllers of a cluster are with an object. Pure. The rules are those of kstatus of sigs.k8s.io/cli-utils:
 * a status that was written for an older generation of the object counts for nothing.
 */
export function statusOf(object: KubeObject, now: Date = new Date()): Judgement {
  const { metadata } = object;
  if (metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== "") {
    return { status: "Terminating", message: "its deletion has begun" };
  }
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const conditions = conditionsOf(object);
  if (conditions === undefined)
    return { status: "Unknown", message: "its conditions are not a list of objects" };
  return (
    standardCondition(conditions) ??
    statusRules.get(ruleKey(object))?.({ object, conditions, now }) ??
    readyCondition(conditions) ?? { status: "Current", message: "nothing speaks against it" }
  );
}

function ruleKey({ apiVersion, kind }: KubeObject): string {
  const [group, version] = apiVersion.split("/");
  return version === undefined ? kind : `${String(group)}/${kind}`;
}

function staleness(object: KubeObject): Judgement | undefined {
  const generation = integer(object, "metadata.generation");
  const observed = integer(object, "status.observedGeneration");
  if (generation === undefined || observed === undefined || generation === observed) return undefined;
  return {
    status: "InProgress",
    message: `its status is of generation ${observed}, the object is at ${generation}`,
  };
}

/** Controllers that keep to the standard say by these two what is wrong. */
function standardCondition(conditions: readonly Field[]): Judgement | undefined {
  for (const condition of conditions) {
    if (text(condition, "status") !== "True") continue;
    const type = text(condition, "type");
    const message = text(condition, "message") || text(condition, "reason") || `it is ${type}`;
    if (type === "Reconciling") return { status: "InProgress", message };
    if (type === "Stalled") return { status: "Failed", message };
  }
  return undefined;
}

function readyCondition(conditions: readonly Field[]): Judgement | undefined {
  const known = new Set(["True", "False", "Unknown"]);
  const ready = conditions.find(
    (condition) => text(condition, "type") === "Ready" && known.has(text(condition, "status")),
  );
  if (ready === undefined) return undefined;
  if (text(ready, "status") === "True") return { status: "Current", message: "it is ready" };
  const why = text(ready, "message") || text(ready, "reason");
  return { status: "InProgress", message: why === "" ? "it is not ready" : why };
}
