import { isRecord } from "../core/json.ts";
import type { Rendered } from "../core/rendered.ts";
import type { Loose } from "./pod-amounts.ts";

/** Pods of one object, as many as there may be. */
export interface Workload {
  readonly rendered: Rendered;
  readonly kind: string;
  readonly name: string;
  /** Empty for the namespace that the manifests are applied to. */
  readonly namespace: string;
  /** The spec of a pod. */
  readonly pod: Loose;
  /** The labels of a pod. */
  readonly labels: Readonly<Record<string, unknown>>;
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
    const shape = shapes[String(each.json["kind"])];
    const api = String(each.json["apiVersion"]);
    if (shape === undefined || shape.api !== api) return [];
    const template = at(each.json, ...shape.template);
    const pod = at(template, "spec");
    if (!isRecord(pod)) return [];
    const autoscaler = autoscalers.find((scaler) => isTarget(scaler, each));
    const replicas = numberAt(autoscaler?.json, "spec", "maxReplicas") ?? shape.most(each.json);
    const labels = at(template, "metadata", "labels");
    return [
      {
        rendered: each,
        kind: String(each.json["kind"]),
        name: nameOf(each),
        namespace: namespaceOf(each),
        pod,
        labels: isRecord(labels) ? labels : {},
        path: [...shape.template, "spec"].join("."),
        least: autoscaler === undefined ? replicas : (numberAt(autoscaler.json, "spec", "minReplicas") ?? 1),
        most: replicas,
        surge: shape.surge?.(each.json, replicas) ?? 0,
        autoscaler,
      },
    ];
  });
}

/** The name of a rendered object. */
export function nameOf({ json }: Rendered): string {
  return textAt(json, "metadata", "name");
}

/** The namespace of a rendered object; empty if it does not say. */
export function namespaceOf({ json }: Rendered): string {
  return textAt(json, "metadata", "namespace");
}

/** What stands in an object at a path; undefined if nothing does. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

/** The text that stands in an object at a path, a number included; empty if there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === "string" || typeof found === "number" ? String(found) : "";
}

/** The items of a list in an object; none if there is no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly Loose[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? (list as readonly unknown[]).filter(isRecord) : [];
}

function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

interface Shape {
  readonly api: string;
  /** The keys to the pods' template. */
  readonly template: readonly string[];
  readonly most: (json: Loose) => number;
  readonly surge?: (json: Loose, replicas: number) => number;
}

const template = ["spec", "template"];
const replicas = (json: Loose): number => numberAt(json, "spec", "replicas") ?? 1;

const shapes: Readonly<Record<string, Shape>> = {
  Deployment: { api: "apps/v1", template, most: replicas, surge: surgeOf },
  StatefulSet: { api: "apps/v1", template, most: replicas },
  ReplicaSet: { api: "apps/v1", template, most: replicas },
  DaemonSet: { api: "apps/v1", template, most: () => 1 },
  Job: { api: "batch/v1", template, most: (json) => atOnce(at(json, "spec")) },
  CronJob: {
    api: "batch/v1",
    template: ["spec", "jobTemplate", "spec", "template"],
    // Without a bound of its own, a run may meet the one before it.
    most: (json) =>
      atOnce(at(json, "spec", "jobTemplate", "spec")) *
      (["Forbid", "Replace"].includes(String(at(json, "spec", "concurrencyPolicy"))) ? 1 : 2),
  },
  Pod: { api: "v1", template: [], most: () => 1 },
};

function surgeOf(json: Loose, count: number): number {
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
