import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { at, listAt, nameOf, namespaceOf } from "../core/parts.ts";
import type { Rendered } from "../core/rendered.ts";
import { containersOf } from "./pod-amounts.ts";
import type { Workload } from "./workloads.ts";

/** What autoscalers, disruption budgets and headless services say of the pods that they are for. */
export function findInScale(
  rendered: readonly Rendered[],
  workloads: readonly Workload[],
): readonly Finding[] {
  const ofKind = (kind: string): readonly Rendered[] => rendered.filter(({ json }) => json["kind"] === kind);
  const services = ofKind("Service");
  return [
    ...ofKind("HorizontalPodAutoscaler").flatMap((scaler) => inAutoscaler(scaler, workloads)),
    ...inBudgets(ofKind("PodDisruptionBudget"), workloads),
    ...workloads.flatMap((workload) => inStatefulSet(workload, services)),
  ];
}

function inAutoscaler(scaler: Rendered, workloads: readonly Workload[]): readonly Finding[] {
  const [kind, name] = ["kind", "name"].map((key) => String(at(scaler.json, "spec", "scaleTargetRef", key)));
  const target = workloads.find(({ autoscaler }) => autoscaler === scaler);
  if (target === undefined) {
    const isOwn = ["Deployment", "StatefulSet", "ReplicaSet"].includes(kind ?? "");
    const double = workloads.find((each) => each.kind === kind && each.name === name && each.autoscaler);
    if (!isOwn) return [];
    return [
      double
        ? findAt(scaler.object, "replicas-contended", "spec.scaleTargetRef", {
            message: `"${double.autoscaler ? nameOf(double.autoscaler) : ""}" decides how many pods of "${double.name}" run already`,
            fix: "Join the two into one",
          })
        : findAt(scaler.object, "target-missing", "spec.scaleTargetRef.name", {
            message: `the app has no ${String(kind)} "${String(name)}" in the namespace "${namespaceOf(scaler)}"`,
            fix: "Name what it is to scale, or allow it with a reason if something else makes it",
          }),
    ];
  }
  return [...inTarget(target, scaler), ...withoutRequests(target, scaler)];
}

function inTarget({ rendered, name }: Workload, scaler: Rendered): readonly Finding[] {
  if (at(rendered.json, "spec", "replicas") === undefined) return [];
  return [
    findAt(rendered.object, "replicas-contended", "spec.replicas", {
      message: `the autoscaler "${nameOf(scaler)}" decides how many pods of "${name}" run, and each deployment would set it back`,
      fix: "Remove replicas, and say the least number as the autoscaler's minReplicas",
    }),
  ];
}

function withoutRequests({ pod, rendered, path }: Workload, scaler: Rendered): readonly Finding[] {
  const counted = listAt(scaler.json, "spec", "metrics")
    .filter((metric) => at(metric, "resource", "target", "type") === "Utilization")
    .map((metric) => String(at(metric, "resource", "name")));
  const silent = counted.filter((resource) =>
    containersOf(pod).main.some(({ requests }) => !requests.has(resource)),
  );
  return silent.map((resource) =>
    findAt(rendered.object, "request-missing", `${path}.containers`, {
      message: `the autoscaler "${nameOf(scaler)}" looks at the use of ${resource} in percent of what containers ask for, and one asks for none`,
      fix: `Say how much ${resource} each container asks for`,
    }),
  );
}

function inBudgets(budgets: readonly Rendered[], workloads: readonly Workload[]): readonly Finding[] {
  const owners = new Map<Workload, Rendered>();
  const byNamespace = Map.groupBy(workloads, ({ namespace }) => namespace);
  return budgets.flatMap((budget) => {
    const selected = (byNamespace.get(namespaceOf(budget)) ?? []).filter(selectorOf(budget));
    if (selected.length === 0) {
      if (!byNamespace.has(namespaceOf(budget))) return [];
      return [
        findAt(budget.object, "target-missing", "spec.selector", {
          message: "the budget selects no pods of the app",
          fix: "Use the labels of the pods that it is for, or allow it with a reason if something else makes them",
        }),
      ];
    }
    return selected.flatMap((workload) => {
      const other = owners.get(workload);
      owners.set(workload, other ?? budget);
      return [...blocked(budget, workload), ...(other === undefined ? [] : [twice(budget, other, workload)])];
    });
  });
}

function twice(budget: Rendered, other: Rendered, { name }: Workload): Finding {
  return findAt(budget.object, "disruption-blocked", "spec.selector", {
    message: `pods of "${name}" have the budget "${nameOf(other)}" too, and pods of two budgets cannot be evicted`,
    fix: "Remove one of the two, or let them select different pods",
  });
}

function blocked(budget: Rendered, workload: Workload): readonly Finding[] {
  const { kind, name, least } = workload;
  if (kind === "DaemonSet" || kind === "Job" || kind === "CronJob") return [];
  const [minAvailable, maxUnavailable] = ["minAvailable", "maxUnavailable"].map((key) =>
    at(budget.json, "spec", key),
  );
  const stay =
    minAvailable === undefined
      ? least - roundedUp(maxUnavailable ?? 0, least)
      : roundedUp(minAvailable, least);
  if (least === 0 || stay < least) return [];
  return [
    findAt(
      budget.object,
      "disruption-blocked",
      minAvailable === undefined ? "spec.maxUnavailable" : "spec.minAvailable",
      {
        message: `of the ${least} pods that "${name}" has at least, none may ever go, so their nodes cannot be drained`,
        fix: "Use maxUnavailable: 1, and two pods or more",
      },
    ),
  ];
}

// The controller rounds shares up, of those that must stay and of those that may go.
function roundedUp(value: unknown, of: number): number {
  const share = /^(\d+)%$/.exec(String(value))?.[1];
  return share === undefined ? Number(value) : Math.ceil((of * Number(share)) / 100);
}

function selectorOf(budget: Rendered): (workload: Workload) => boolean {
  const wanted = at(budget.json, "spec", "selector", "matchLabels");
  // What expressions select is not judged, and so never said to be nothing.
  const isPlain = at(budget.json, "spec", "selector", "matchExpressions") === undefined;
  const pairs = Object.entries((wanted ?? {}) as Readonly<Record<string, unknown>>);
  return ({ labels, kind }) =>
    kind !== "CronJob" && (!isPlain || pairs.every(([key, value]) => labels[key] === value));
}

function inStatefulSet(
  { kind, namespace, name, rendered }: Workload,
  services: readonly Rendered[],
): readonly Finding[] {
  const wanted = at(rendered.json, "spec", "serviceName");
  if (kind !== "StatefulSet" || typeof wanted !== "string" || wanted === "") return [];
  const service = services.find((each) => nameOf(each) === wanted && namespaceOf(each) === namespace);
  if (service === undefined) {
    return [
      findAt(rendered.object, "target-missing", "spec.serviceName", {
        message: `the app has no Service "${wanted}", which would give the pods of "${name}" their names`,
        fix: "Make it, headless, or allow it with a reason if something else makes it",
      }),
    ];
  }
  if (at(service.json, "spec", "clusterIP") === "None") return [];
  return [
    findAt(rendered.object, "service-not-headless", "spec.serviceName", {
      message: `the Service "${wanted}" has an address of its own, so the pods of "${name}" get no names`,
      fix: 'Name a Service with clusterIP: "None"',
    }),
  ];
}
