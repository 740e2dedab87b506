import { at, nameOf, namespaceOf, numberAt, type Part, podPartOf, textAt } from "../core/parts.ts";
import type { Rendered } from "../core/rendered.ts";

/** Pods of one object, as many as there may be. */
export interface Workload {
  readonly rendered: Rendered;
  readonly kind: string;
  readonly name: string;
  /** Empty for the namespace that the manifests are applied to. */
  readonly namespace: string;
  /** The spec of a pod. */
  readonly pod: Part;
  /** The labels of a pod. */
  readonly labels: Part;
  /** Where the spec stands in the object, `spec.template.spec` for example. */
  readonly path: string;
  /** How few run, by the autoscaler too. */
  readonly least: number;
  /** How many run at once at most, an autoscaler's bound included; per node for a DaemonSet. */
  readonly most: number;
  /** How many more an update runs beside them. */
  readonly surge: number;
  /** The autoscaler that decides how many run. */
  readonly autoscaler: Rendered | undefined;
}

/** All pods of a tree, by the objects that make them. */
export function workloadsIn(rendered: readonly Rendered[]): readonly Workload[] {
  const autoscalers = rendered.filter(({ json }) => json["kind"] === "HorizontalPodAutoscaler");
  return rendered.flatMap((each) => {
    const kind = String(each.json["kind"]);
    const pods = podPartOf(each.json);
    const counts = numbers[kind];
    if (pods === undefined || counts === undefined) return [];
    const autoscaler = autoscalers.find((scaler) => isTarget(scaler, each));
    const most = numberAt(autoscaler?.json, "spec", "maxReplicas") ?? counts.most(each.json);
    return [
      {
        rendered: each,
        kind,
        name: nameOf(each),
        namespace: namespaceOf(each),
        pod: pods.spec,
        labels: pods.labels,
        path: pods.path,
        least: autoscaler === undefined ? most : (numberAt(autoscaler.json, "spec", "minReplicas") ?? 1),
        most,
        surge: counts.surge?.(each.json, most) ?? 0,
        autoscaler,
      },
    ];
  });
}

/** How many pods of a kind run at once without an autoscaler, and how many more during an update. */
interface Numbers {
  readonly most: (json: Part) => number;
  readonly surge?: (json: Part, replicas: number) => number;
}

const replicas = (json: Part): number => numberAt(json, "spec", "replicas") ?? 1;

const numbers: Readonly<Record<string, Numbers>> = {
  Deployment: { most: replicas, surge: surgeOf },
  StatefulSet: { most: replicas },
  ReplicaSet: { most: replicas },
  DaemonSet: { most: () => 1 },
  Job: { most: (json) => atOnce(at(json, "spec")) },
  CronJob: {
    // Without a bound of its own, a run may meet the one before it.
    most: (json) =>
      atOnce(at(json, "spec", "jobTemplate", "spec")) *
      (["Forbid", "Replace"].includes(textAt(json, "spec", "concurrencyPolicy")) ? 1 : 2),
  },
  Pod: { most: () => 1 },
};

function surgeOf(json: Part, count: number): number {
  if (at(json, "spec", "strategy", "type") === "Recreate") return 0;
  const surge = textAt(json, "spec", "strategy", "rollingUpdate", "maxSurge") || "25%";
  const share = /^(\d+)%$/.exec(surge)?.[1];
  return share === undefined ? Number(surge) || 0 : Math.ceil((count * Number(share)) / 100);
}

function atOnce(job: unknown): number {
  const parallelism = numberAt(job, "parallelism") ?? 1;
  return Math.min(parallelism, numberAt(job, "completions") ?? parallelism);
}

function isTarget(scaler: Rendered, other: Rendered): boolean {
  const target = at(scaler.json, "spec", "scaleTargetRef");
  const isNamed = at(target, "kind") === other.json["kind"] && at(target, "name") === nameOf(other);
  return isNamed && namespaceOf(scaler) === namespaceOf(other);
}
