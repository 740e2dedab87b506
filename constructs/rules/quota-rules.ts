import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { at, listAt, nameOf, namespaceOf } from "../core/parts.ts";
import type { Rendered } from "../core/rendered.ts";
import { type Amounts, amountsOf, show, times } from "./amounts.ts";
import { boundsByNamespace, filled } from "./limit-ranges.ts";
import { containersOf, podAmounts } from "./pod-amounts.ts";
import type { Workload } from "./workloads.ts";

/** What one object of a namespace takes of its quota. */
interface Share {
  readonly owner: string;
  readonly amounts: Amounts;
}

/**
 * Quotas that are smaller than what is in their namespace: pods as many as there may be, by autoscalers and during an
 * update, and volumes. And pods that say nothing of what a quota counts, which the server refuses.
 */
export function findInQuotas(
  rendered: readonly Rendered[],
  workloads: readonly Workload[],
): readonly Finding[] {
  const quotas = rendered.filter(({ json }) => json["kind"] === "ResourceQuota");
  if (quotas.length === 0) return [];
  const boundsIn = boundsByNamespace(rendered);
  return quotas.flatMap((quota) => {
    const namespace = namespaceOf(quota);
    // A quota with scopes counts some pods only.
    if (at(quota.json, "spec", "scopes") ?? at(quota.json, "spec", "scopeSelector")) return [];
    const hard = amountsOf(at(quota.json, "spec", "hard"));
    const own = workloads.filter((workload) => workload.namespace === namespace);
    const bounds = boundsIn(namespace);
    const fill = (container: Parameters<typeof filled>[0]): ReturnType<typeof filled> =>
      filled(container, bounds);
    const shares = [
      ...own.map((workload) => podShare(workload, fill)),
      ...claimShares(rendered, own, namespace),
    ];
    return [
      ...[...hard].flatMap((bound) => exceeded(quota, bound, shares)),
      ...own.flatMap((workload) => silent(workload, quota, [...hard.keys()], fill)),
    ];
  });
}

type Fill = NonNullable<Parameters<typeof containersOf>[1]>;

function podShare(workload: Workload, fill: Fill): Share {
  const amounts = new Map<string, number>([["pods", 1000]]);
  for (const [resource, amount] of podAmounts(workload.pod, "requests", fill)) {
    amounts.set(`requests.${resource}`, amount);
    if (["cpu", "memory", "ephemeral-storage"].includes(resource)) amounts.set(resource, amount);
  }
  for (const [resource, amount] of podAmounts(workload.pod, "limits", fill)) {
    amounts.set(`limits.${resource}`, amount);
  }
  const { most, surge, kind, name } = workload;
  const count = surge > 0 ? `${most} + ${surge}` : String(most);
  return { owner: `${kind} "${name}" × ${count}`, amounts: times(amounts, most + surge) };
}

function claimShares(
  rendered: readonly Rendered[],
  workloads: readonly Workload[],
  namespace: string,
): readonly Share[] {
  const single = rendered
    .filter((each) => each.json["kind"] === "PersistentVolumeClaim" && namespaceOf(each) === namespace)
    .map((claim) => ({ owner: `claim "${nameOf(claim)}"`, amounts: claimAmounts(claim.json) }));
  const templates = workloads.flatMap(({ rendered: { json }, name, most }) =>
    listAt(json, "spec", "volumeClaimTemplates").map((template) => ({
      owner: `claims "${String(at(template, "metadata", "name"))}" of "${name}" × ${most}`,
      amounts: times(claimAmounts(template), most),
    })),
  );
  return [...single, ...templates];
}

function claimAmounts(claim: unknown): Amounts {
  const storage = amountsOf(at(claim, "spec", "resources", "requests")).get("storage") ?? 0;
  const storageClass = at(claim, "spec", "storageClassName");
  const own = [
    ["requests.storage", storage],
    ["persistentvolumeclaims", 1000],
  ] as const;
  const prefix = `${String(storageClass)}.storageclass.storage.k8s.io/`;
  const ofClass =
    typeof storageClass === "string" ? own.map(([name, amount]) => [prefix + name, amount] as const) : [];
  return new Map([...own, ...ofClass]);
}

function exceeded(
  quota: Rendered,
  [resource, bound]: readonly [string, number],
  shares: readonly Share[],
): readonly Finding[] {
  const takers = shares
    .map(({ owner, amounts }) => ({ owner, amount: amounts.get(resource) ?? 0 }))
    .filter(({ amount }) => amount > 0)
    .toSorted((a, b) => b.amount - a.amount);
  const total = takers.reduce((whole, { amount }) => whole + amount, 0);
  if (total <= bound) return [];
  const [wanted, allowed, over] = [total, bound, total - bound].map((amount) => show(resource, amount));
  const list = takers.slice(0, 3).map(({ owner, amount }) => `${owner} ${show(resource, amount)}`);
  const rest = takers.length > 3 ? `, and ${takers.length - 3} more` : "";
  return [
    findAt(quota.object, "quota-exceeded", `spec.hard.${resource}`, {
      message: `"${namespaceOf(quota)}" may come to ${String(wanted)}, which is ${String(over)} more than the quota of ${String(allowed)}: ${list.join(", ")}${rest}`,
      fix: `Raise the quota to ${String(wanted)}, or let the pods be fewer or smaller`,
    }),
  ];
}

/** A pod that says nothing of what the quota counts is refused. */
function silent(
  workload: Workload,
  quota: Rendered,
  counted: readonly string[],
  fill: Fill,
): readonly Finding[] {
  const { init, main } = containersOf(workload.pod, fill);
  const kinds = counted.flatMap((name) => {
    if (/^(cpu|memory)$/.test(name)) return [["requests", name] as const];
    const [, of, resource] = /^(requests|limits)\.(cpu|memory|ephemeral-storage)$/.exec(name) ?? [];
    return of === undefined || resource === undefined
      ? []
      : [[of === "limits" ? of : "requests", resource] as const];
  });
  const missing = kinds.filter(([of, resource]) =>
    [...init, ...main].some((container) => !container[of].has(resource)),
  );
  if (missing.length === 0) return [];
  const names = missing.map(([of, resource]) => `${of}.${resource}`).join(", ");
  return [
    findAt(workload.rendered.object, "request-missing", `${workload.path}.containers`, {
      message: `the quota "${nameOf(quota)}" counts ${names}, and a container says nothing of it, so its pods are refused`,
      fix: "Say it, or give the namespace a LimitRange with defaults",
    }),
  ];
}
