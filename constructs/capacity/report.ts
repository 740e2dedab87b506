import { show } from "../rules/amounts.ts";
import { podAmounts } from "../rules/pod-amounts.ts";
import type { Workload } from "../rules/workloads.ts";
import { whyNowhere } from "./nowhere.ts";
import type { Node } from "./nodes.ts";
import { type Packing, shareOf } from "./pack.ts";

/** Whether an app fits on the nodes of a cluster, and where its pods would run. Plain data. */
export interface CapacityReport {
  readonly fits: boolean;
  /** `tight` if pods fit only when they are packed closer than the scheduler does by itself. */
  readonly packing: "spread" | "tight";
  readonly workloads: readonly WorkloadFit[];
  readonly nodes: readonly NodeFit[];
  /** The pod that takes the largest part of a node; undefined if there are no pods. */
  readonly biggestPod: { readonly workload: string; readonly amounts: Quantities } | undefined;
  /** The node with most processors. */
  readonly biggestNode: { readonly pool: string; readonly amounts: Quantities } | undefined;
}

/** Amounts by resource in Kubernetes' notation. */
export type Quantities = Readonly<Record<string, string>>;

/** The pods of one object. */
export interface WorkloadFit {
  readonly constructPath: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** How many there are to be. */
  readonly pods: number;
  /** How many of them have no place. */
  readonly missing: number;
  /** What one asks for. */
  readonly amounts: Quantities;
  /** How many run on which node. */
  readonly places: Readonly<Record<string, number>>;
  /** Why some have no place. */
  readonly reason?: string;
}

/** One node. */
export interface NodeFit {
  readonly name: string;
  readonly pool: string;
  readonly pods: number;
  readonly used: Quantities;
  readonly allocatable: Quantities;
  /** The part of its scarcest resource that is taken, 0 to 1. */
  readonly share: number;
}

/** Turns a packing into a report. */
export function reportOf(
  { loads, missing }: Packing,
  counts: ReadonlyMap<Workload, number>,
  packing: "spread" | "tight",
): CapacityReport {
  const nodes = loads.map(({ node }) => node);
  const workloads = [...counts].map(([workload, count]): WorkloadFit => {
    const { kind, namespace, name, rendered, pod } = workload;
    const places = loads.flatMap((load) => {
      const own = load.pods.get(workload);
      return own === undefined ? [] : [[load.node.name, own] as const];
    });
    const lost = missing.get(workload) ?? 0;
    const placed = places.reduce((sum, [, own]) => sum + own, 0);
    const reason =
      lost > 0 ? (whyNowhere(pod, nodes) ?? "the nodes that could take them are full") : undefined;
    return {
      constructPath: rendered.object.node.path,
      kind,
      namespace,
      name,
      pods: kind === "DaemonSet" ? placed + lost : count,
      missing: lost,
      amounts: quantities(podAmounts(pod, "requests")),
      places: Object.fromEntries(places),
      ...(reason !== undefined && { reason }),
    };
  });
  const biggest = biggestOf([...counts.keys()], nodes);
  const largest = nodes.toSorted(
    (a, b) => (b.allocatable.get("cpu") ?? 0) - (a.allocatable.get("cpu") ?? 0),
  )[0];
  return {
    fits: missing.size === 0,
    packing,
    workloads,
    nodes: loads.map(({ node, used, pods }) => ({
      name: node.name,
      pool: node.pool,
      pods: [...pods.values()].reduce((sum, own) => sum + own, 0),
      used: quantities(used),
      allocatable: quantities(node.allocatable),
      share: shareOf(used, node.allocatable),
    })),
    biggestPod: biggest && {
      workload: biggest.name,
      amounts: quantities(podAmounts(biggest.pod, "requests")),
    },
    biggestNode: largest && { pool: largest.pool, amounts: quantities(largest.allocatable) },
  };
}

/** A report as a person reads it: what does not fit first, then where the rest runs, then how full the nodes are. */
export function describeCapacity(report: CapacityReport): string {
  const { fits, packing, workloads, nodes } = report;
  const total = workloads.reduce((sum, { pods }) => sum + pods, 0);
  const lost = workloads.reduce((sum, { missing }) => sum + missing, 0);
  const verdict = fits
    ? `All ${total} pods fit on ${nodes.length} nodes${packing === "tight" ? ", if they are packed tightly" : ""}.`
    : `${lost} of ${total} pods have no place on ${nodes.length} nodes.`;
  const byNeed = workloads.toSorted((a, b) => b.missing - a.missing);
  const lines = byNeed.map(({ kind, name, namespace, pods, missing, amounts, reason, places }) => {
    const title = `${kind} ${namespace ? `${namespace}/` : ""}${name}: ${pods} × ${listed(amounts) || "nothing"}`;
    const where = Object.entries(places).map(([node, count]) => (count === 1 ? node : `${node} × ${count}`));
    const state = missing > 0 ? `; ${missing} without a place, ${reason ?? ""}` : "";
    return `  ${title}${state}${where.length > 0 ? ` – ${where.join(", ")}` : ""}`;
  });
  const full = nodes.map(
    ({ name, pods, share, used, allocatable }) =>
      `  ${name}: ${Math.round(share * 100)} %, ${pods} pods, ${Object.entries(used)
        .filter(([resource]) => resource !== "pods")
        .map(([resource, amount]) => `${resource} ${amount} of ${allocatable[resource] ?? "0"}`)
        .join(", ")}`,
  );
  return [verdict, ...lines, "Nodes:", ...full].join("\n");
}

function biggestOf(workloads: readonly Workload[], nodes: readonly Node[]): Workload | undefined {
  const reference = nodes[0]?.allocatable ?? new Map<string, number>();
  const sized = workloads.map((workload) => ({
    workload,
    share: shareOf(podAmounts(workload.pod, "requests"), reference),
  }));
  return sized.toSorted((a, b) => b.share - a.share)[0]?.workload;
}

function quantities(amounts: ReadonlyMap<string, number>): Quantities {
  const known = [...amounts].filter(([, amount]) => Number.isFinite(amount));
  return Object.fromEntries(known.map(([resource, amount]) => [resource, show(resource, amount)]));
}

function listed(amounts: Quantities): string {
  return Object.entries(amounts)
    .map(([resource, amount]) => `${resource} ${amount}`)
    .join(", ");
}
