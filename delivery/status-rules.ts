import type { KubeObject } from "../kube/object.ts";
import { type Field, integer, text, valueAt } from "./fields.ts";

/** The words of kstatus. `Failed` needs somebody; `InProgress` needs time. */
export type Status = "Current" | "InProgress" | "Failed" | "Terminating" | "Unknown";

export interface Judgement {
  readonly status: Status;
  /** Why, as half a sentence. */
  readonly message: string;
}

interface Judged {
  readonly object: KubeObject;
  readonly conditions: readonly Field[];
  readonly now: Date;
}

type Rule = (judged: Judged) => Judgement;

const scheduleWindowMs = 15_000;
const noDeadline = 2 ** 31 - 1;

/** Rules of kinds that do not follow the standard, by group and kind, as in kstatus. */
export const statusRules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["Service", service],
  ["Pod", pod],
  ["Secret", always],
  ["ConfigMap", always],
  ["batch/CronJob", always],
  ["policy/PodDisruptionBudget", always],
  ["PersistentVolumeClaim", claim],
  ["apps/StatefulSet", statefulSet],
  ["apps/DaemonSet", daemonSet],
  ["extensions/DaemonSet", daemonSet],
  ["apps/Deployment", deployment],
  ["extensions/Deployment", deployment],
  ["apps/ReplicaSet", replicaSet],
  ["extensions/ReplicaSet", replicaSet],
  ["batch/Job", job],
  ["apiextensions.k8s.io/CustomResourceDefinition", definition],
]);

function always(): Judgement {
  return current("there is nothing to wait for");
}

function service({ object }: Judged): Judgement {
  return text(object, "spec.type") === "LoadBalancer" && text(object, "spec.clusterIP") === ""
    ? inProgress("it has no cluster IP yet")
    : current("it is ready");
}

function claim({ object }: Judged): Judgement {
  const phase = text(object, "status.phase") || "unknown";
  return phase === "Bound" ? current("it is bound") : inProgress(`it is not bound: ${phase}`);
}

function pod({ object, conditions, now }: Judged): Judgement {
  const phase = text(object, "status.phase");
  if (phase === "Succeeded") return current("it has completed");
  if (phase === "Failed") return current("it has completed, without success");
  if (phase === "Running") return runningPod(object, conditions);
  if (phase === "") return inProgress("no kubelet has reported it yet");
  if (phase !== "Pending") return { status: "Unknown", message: `its phase is "${phase}"` };
  const scheduled = conditions.find(
    (each) => text(each, "type") === "PodScheduled" && text(each, "status") === "False",
  );
  if (text(scheduled, "reason") !== "Unschedulable") return inProgress("it is pending");
  const created = Date.parse(text(object, "metadata.creationTimestamp"));
  return now.getTime() - scheduleWindowMs < created
    ? inProgress("it has no node yet")
    : failed(`no node takes it: ${text(scheduled, "message")}`);
}

function runningPod(object: KubeObject, conditions: readonly Field[]): Judgement {
  if (holds(conditions, "Ready")) return current("it is ready");
  const containers = valueAt(object, "status.containerStatuses");
  const crashing = (Array.isArray(containers) ? containers : [])
    .filter((each) => text(each, "state.waiting.reason") === "CrashLoopBackOff")
    .map((each) => text(each, "name"));
  return crashing.length > 0
    ? failed(`its containers crash again and again: ${crashing.join(", ")}`)
    : inProgress("it runs and is not ready");
}

function deployment({ object, conditions }: Judged): Judgement {
  const progress = conditions.filter((each) => text(each, "type") === "Progressing");
  const late = progress.find((each) => text(each, "reason") === "ProgressDeadlineExceeded");
  if (late !== undefined) return failed(text(late, "message") || "it made no progress within its deadline");
  const count = counter(object);
  const wanted = count("spec.replicas", 1);
  const there = count("status.replicas");
  const updated = count("status.updatedReplicas");
  const available = count("status.availableReplicas");
  return (
    tooFew("pods", there, wanted) ??
    tooFew("updated pods", updated, wanted) ??
    tooMany(there, wanted) ??
    tooFew("available pods", available, updated) ??
    tooFew("ready pods", count("status.readyReplicas"), wanted) ??
    (isRolledOut(object, progress) ? undefined : inProgress("its new pods are not available yet")) ??
    (holds(conditions, "Available") ? undefined : inProgress("it is not available")) ??
    current(`all ${wanted} pods are available`)
  );
}

/** Without a deadline the controller does not say that a rollout is over. */
function isRolledOut(object: KubeObject, progress: readonly Field[]): boolean {
  const deadline = integer(object, "spec.progressDeadlineSeconds") ?? noDeadline;
  return (
    deadline === noDeadline ||
    progress.some(
      (each) => text(each, "status") === "True" && text(each, "reason") === "NewReplicaSetAvailable",
    )
  );
}

function replicaSet({ object, conditions }: Judged): Judgement {
  if (holds(conditions, "ReplicaFailure")) return inProgress("a pod could not be made or removed");
  const count = counter(object);
  const wanted = count("spec.replicas", 1);
  return (
    tooFew("labelled pods", count("status.fullyLabeledReplicas"), wanted) ??
    tooFew("available pods", count("status.availableReplicas"), wanted) ??
    tooFew("ready pods", count("status.readyReplicas"), wanted) ??
    tooMany(count("status.replicas"), wanted) ??
    current(`all ${wanted} pods are available`)
  );
}

function statefulSet({ object }: Judged): Judgement {
  if (text(object, "spec.updateStrategy.type") === "OnDelete") {
    return current("its pods are replaced by hand");
  }
  const count = counter(object);
  const wanted = count("spec.replicas", 1);
  const there = count("status.replicas");
  const early =
    tooFew("pods", there, wanted) ??
    tooFew("ready pods", count("status.readyReplicas"), wanted) ??
    tooMany(there, wanted);
  if (early !== undefined) return early;
  const partition = count("spec.updateStrategy.rollingUpdate.partition", -1);
  if (partition !== -1) {
    return (
      tooFew("updated pods", count("status.updatedReplicas"), wanted - partition) ??
      current("its partition is updated")
    );
  }
  const isOneRevision = text(object, "status.currentRevision") === text(object, "status.updateRevision");
  return (
    tooFew("current pods", count("status.currentReplicas"), wanted) ??
    (isOneRevision
      ? current(`all ${wanted} pods are ready`)
      : inProgress("its pods are of different revisions"))
  );
}

function daemonSet({ object }: Judged): Judgement {
  if (integer(object, "metadata.generation") === undefined) return inProgress("it has no generation");
  if (integer(object, "status.observedGeneration") === undefined) {
    return inProgress("its controller has not seen it yet");
  }
  const count = counter(object);
  const wanted = integer(object, "status.desiredNumberScheduled");
  if (wanted === undefined) return inProgress("its controller has not counted the nodes yet");
  return (
    tooFew("pods", count("status.currentNumberScheduled"), wanted) ??
    tooFew("updated pods", count("status.updatedNumberScheduled"), wanted) ??
    tooFew("available pods", count("status.numberAvailable"), wanted) ??
    tooFew("ready pods", count("status.numberReady"), wanted) ??
    current(`all ${wanted} pods are available`)
  );
}

function job({ object, conditions }: Judged): Judgement {
  for (const condition of conditions) {
    if (text(condition, "status") !== "True") continue;
    if (text(condition, "type") === "Complete") return current("it has completed");
    if (text(condition, "type") === "Failed") return failed(text(condition, "message") || "it has failed");
  }
  return text(object, "status.startTime") === "" ? inProgress("it has not begun") : current("it runs");
}

function definition({ conditions }: Judged): Judgement {
  for (const condition of conditions) {
    const [type, status] = [text(condition, "type"), text(condition, "status")];
    const why = text(condition, "message") || text(condition, "reason");
    if (type === "NamesAccepted" && status === "False") return failed(why);
    if (type !== "Established") continue;
    if (status === "True") return current("it is served");
    if (status === "False" && text(condition, "reason") !== "Installing") return failed(why);
  }
  return inProgress("it is not served yet");
}

function counter(object: KubeObject): (path: string, missing?: number) => number {
  return (path, missing = 0) => integer(object, path) ?? missing;
}

function tooFew(what: string, have: number, want: number): Judgement | undefined {
  return have < want ? inProgress(`${have} of ${want} ${what}`) : undefined;
}

function tooMany(have: number, want: number): Judgement | undefined {
  return have > want ? inProgress(`${have - want} old pods are still there`) : undefined;
}

function holds(conditions: readonly Field[], type: string): boolean {
  return conditions.some((each) => text(each, "type") === type && text(each, "status") === "True");
}

function current(message: string): Judgement {
  return { status: "Current", message };
}

function inProgress(message: string): Judgement {
  return { status: "InProgress", message };
}

function failed(message: string): Judgement {
  return { status: "Failed", message };
}
