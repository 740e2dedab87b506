import type { Draft } from "../core/draft.ts";
import type { Identity } from "../core/identity.ts";
import type { HorizontalPodAutoscaler, MetricSpec } from "../kubernetes/types.ts";
import type { Autoscale, Metric } from "./scale.ts";

/** The autoscaler of a workload, which then has no number of replicas of its own. */
export function autoscalerOf(
  draft: Draft,
  { name, labels }: Identity,
  target: { readonly kind: string; readonly autoscale: Autoscale },
): HorizontalPodAutoscaler {
  const { min, max, behavior } = target.autoscale;
  const minReplicas = draft.fill("autoscale.min", min, 2, "the service outlives one pod and one node");
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, labels },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: target.kind, name },
      minReplicas,
      maxReplicas: max,
      metrics: metricsOf(draft, target.autoscale),
      ...(behavior && { behavior }),
    },
  };
}

function metricsOf(draft: Draft, { cpu, memory, metrics }: Autoscale): readonly MetricSpec[] {
  const isSilent = cpu === undefined && memory === undefined && metrics === undefined;
  const processors = isSilent
    ? draft.fill("autoscale.cpu", undefined, 75, "a quarter is left for what comes until a new pod is ready")
    : cpu;
  return [
    ...(processors === undefined ? [] : [resource("cpu", processors)]),
    ...(memory === undefined ? [] : [resource("memory", memory)]),
    ...(metrics ?? []).map(custom),
  ];
}

function resource(name: "cpu" | "memory", averageUtilization: number): MetricSpec {
  return { type: "Resource", resource: { name, target: { type: "Utilization", averageUtilization } } };
}

function custom({ pods, external, labels, average }: Metric): MetricSpec {
  const selector = labels && { selector: { matchLabels: labels } };
  const target = { type: "AverageValue", averageValue: String(average) };
  if (pods !== undefined) return { type: "Pods", pods: { metric: { name: pods, ...selector }, target } };
  return { type: "External", external: { metric: { name: external, ...selector }, target } };
}
