import { checkInteger, checkKeys, checkRecord, show } from "../core/check.ts";
import type { Draft } from "../core/draft.ts";
import type { HorizontalPodAutoscalerBehavior, Quantity } from "../kubernetes/types.ts";

/** How many pods run: a fixed number, or as many as the load needs. */
export type Scale =
  | {
      /** How many pods run. @default 2 */
      readonly replicas?: number;
      readonly autoscale?: never;
    }
  | {
      readonly replicas?: never;
      /** Runs as many pods as the load needs. */
      readonly autoscale: Autoscale;
    };

/** The bounds of an autoscaler, and what it looks at; without `cpu`, `memory` and `metrics` it is `cpu: 75`. */
export interface Autoscale {
  /** Two or more outlive a node. @default 2 */
  readonly min?: number;
  readonly max: number;
  /** Processors in use, in percent of what the pods ask for. */
  readonly cpu?: number;
  /** Memory in use, in percent of what the pods ask for, which is also their limit. */
  readonly memory?: number;
  /** Metrics of the pods themselves, or of something outside of the cluster. @default - none */
  readonly metrics?: readonly Metric[];
  /** How fast it acts. @default - up at once, down after five minutes of less load, as Kubernetes does */
  readonly behavior?: HorizontalPodAutoscalerBehavior;
}

/** A metric that a metrics adapter of the cluster serves, with its wanted value per pod. */
export type Metric =
  | { readonly pods: string; readonly external?: never; readonly labels?: Labels; readonly average: Quantity }
  | {
      readonly external: string;
      readonly pods?: never;
      readonly labels?: Labels;
      readonly average: Quantity;
    };

type Labels = Readonly<Record<string, string>>;

/** The least number of pods that run. */
export function leastReplicas({ replicas, autoscale }: Scale): number {
  return autoscale === undefined ? (replicas ?? 2) : (autoscale.min ?? 2);
}

/** Checks how many pods are to run. */
export function checkScale(draft: Draft, scale: Scale): void {
  // The types forbid both at once, casts and JavaScript do not.
  const { replicas, autoscale } = scale as { readonly replicas?: number; readonly autoscale?: Autoscale };
  if (replicas !== undefined) checkInteger(draft, "replicas", replicas, [0, 10_000]);
  if (autoscale !== undefined) {
    if (replicas !== undefined) {
      draft.find("invalid-value", "replicas", {
        message: "the autoscaler decides how many pods run",
        fix: "Remove replicas, and say the least number as autoscale.min",
      });
    }
    checkAutoscale(draft, autoscale);
  }
  if (replicas === 1 || autoscale?.min === 1) {
    draft.find("single-replica", autoscale === undefined ? "replicas" : "autoscale.min", {
      message: "one pod cannot outlive its node, and each drain interrupts the service",
      fix: "Use two or more, or allow it with a reason",
    });
  }
}

function checkAutoscale(draft: Draft, autoscale: Autoscale): void {
  if (!checkRecord(draft, "autoscale", autoscale, "{ max: 6, cpu: 75 } for example")) return;
  const { min = 2, max, cpu, memory, metrics = [] } = autoscale;
  checkKeys(draft, "autoscale", autoscale, ["min", "max", "cpu", "memory", "metrics", "behavior"]);
  checkInteger(draft, "autoscale.min", min, [1, 10_000]);
  checkInteger(draft, "autoscale.max", max, [1, 10_000]);
  if (max < min) {
    draft.find("invalid-value", "autoscale.max", {
      message: `${show(max)} is less than the least number of pods, ${show(min)}`,
      fix: "Raise max, or lower min",
    });
  }
  if (cpu !== undefined) checkInteger(draft, "autoscale.cpu", cpu, [1, 1000]);
  // A pod that uses all of its limit is killed before it is helped.
  if (memory !== undefined) checkInteger(draft, "autoscale.memory", memory, [1, 95]);
  metrics.forEach((metric: unknown, index) => {
    checkMetric(draft, `autoscale.metrics.${index}`, metric);
  });
}

function checkMetric(draft: Draft, fieldPath: string, metric: unknown): void {
  if (!checkRecord(draft, fieldPath, metric, '{ pods: "requests_per_second", average: 100 } for example'))
    return;
  const { pods, external, average } = metric as Readonly<Record<string, unknown>>;
  checkKeys(draft, fieldPath, metric, ["pods", "external", "labels", "average"]);
  if ((pods === undefined) === (external === undefined)) {
    draft.find("invalid-value", fieldPath, {
      message: "a metric is either of the pods or external",
      fix: "Give exactly one of pods and external, the name of the metric",
    });
  }
  if (!/^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi)?$/.test(String(average)) || Number(average) === 0) {
    draft.find("invalid-value", `${fieldPath}.average`, {
      message: `${show(average)} is not an amount`,
      fix: 'Use a number, or Kubernetes\' notation, "500m" for example',
    });
  }
}
