import type { Amounts } from "../rules/amounts.ts";
import { podAmounts } from "../rules/pod-amounts.ts";
import type { Workload } from "../rules/workloads.ts";
import { type Apart, apartOf, refusal } from "./eligible.ts";
import type { Node } from "./nodes.ts";

/** A node with the pods that are placed on it. */
export interface Load {
  readonly node: Node;
  /** In thousandths. */
  readonly used: Map<string, number>;
  /** How many pods of each workload. */
  readonly pods: Map<Workload, number>;
}

/** Where pods are placed, and which are not. */
export interface Packing {
  readonly loads: readonly Load[];
  /** Pods without a place by their workload. */
  readonly missing: ReadonlyMap<Workload, number>;
}

/**
 * Places pods on nodes: agents first, then the largest pods. `spread` takes the emptiest node, as the scheduler does by
 * itself, `tight` the fullest one that still has room. Pods keep the required distance from others of their workload.
 */
export function pack(
  nodes: readonly Node[],
  counts: ReadonlyMap<Workload, number>,
  order: "spread" | "tight",
): Packing {
  const loads = nodes.map((node): Load => ({ node, used: new Map(), pods: new Map() }));
  const missing = new Map<Workload, number>();
  const items = [...counts].map(([workload, count]) => new Item(workload, count, loads));
  const agents = items.filter(({ workload }) => workload.kind === "DaemonSet");
  const others = items.filter(({ workload }) => workload.kind !== "DaemonSet");
  for (const agent of agents) {
    const full = agent.takers.filter((load) => !agent.fits(load));
    for (const load of agent.takers) if (!full.includes(load)) agent.place(load);
    if (full.length > 0) missing.set(agent.workload, full.length);
  }
  for (const item of others.toSorted((a, b) => b.share - a.share)) {
    for (let placed = 0; placed < item.count; placed++) {
      const best = item.best(order);
      if (best === undefined) {
        missing.set(item.workload, item.count - placed);
        break;
      }
      item.place(best);
    }
  }
  return { loads, missing };
}

class Item {
  readonly workload: Workload;
  readonly count: number;
  /** The nodes that take the pods, if there is room. */
  readonly takers: readonly Load[];
  /** The part of the largest node that one pod takes. */
  readonly share: number;
  readonly #amounts: Amounts;
  readonly #apart: readonly Apart[];

  constructor(workload: Workload, count: number, loads: readonly Load[]) {
    this.workload = workload;
    this.count = count;
    this.takers = loads.filter(({ node }) => refusal(workload.pod, node) === undefined);
    this.#amounts = withPod(podAmounts(workload.pod, "requests"));
    this.#apart = apartOf(workload.pod, workload.labels);
    this.share = Math.min(1, ...this.takers.map(({ node }) => shareOf(this.#amounts, node.allocatable)));
  }

  fits({ node, used }: Load): boolean {
    return [...this.#amounts].every(
      ([resource, amount]) => (used.get(resource) ?? 0) + amount <= (node.allocatable.get(resource) ?? 0),
    );
  }

  best(order: "spread" | "tight"): Load | undefined {
    const free = this.takers.filter(
      (load) => this.fits(load) && this.#apart.every((rule) => this.#keeps(rule, load)),
    );
    const sign = order === "spread" ? 1 : -1;
    return free
      .map((load) => ({
        load,
        weight: sign * shareOf(load.used, load.node.allocatable),
        own: this.#on(load),
      }))
      .toSorted((a, b) => a.weight - b.weight || a.own - b.own)[0]?.load;
  }

  place(load: Load): void {
    for (const [resource, amount] of this.#amounts) {
      load.used.set(resource, (load.used.get(resource) ?? 0) + amount);
    }
    load.pods.set(this.workload, this.#on(load) + 1);
  }

  #on(load: Load): number {
    return load.pods.get(this.workload) ?? 0;
  }

  #keeps({ key, skew }: Apart, { node }: Load): boolean {
    const places = new Map<string | undefined, number>();
    for (const load of this.takers) {
      const place = load.node.labels[key];
      places.set(place, (places.get(place) ?? 0) + this.#on(load));
    }
    const here = places.get(node.labels[key]) ?? 0;
    if (skew === 0) return here === 0;
    // Nodes without the label take no pods with such a rule, except where nobody says what zones there are.
    return here + 1 - Math.min(...places.values()) <= skew;
  }
}

/** The largest part of a node's resources that is taken. */
export function shareOf(amounts: Amounts, allocatable: Amounts): number {
  const parts = [...amounts].map(([resource, amount]) => {
    const whole = allocatable.get(resource) ?? 0;
    if (amount === 0 || whole === Infinity) return 0;
    return whole === 0 ? Infinity : amount / whole;
  });
  return Math.max(0, ...parts);
}

/** What a pod takes of a node: a place too. */
export function withPod(amounts: Amounts): Amounts {
  return new Map([...amounts, ["pods", 1000]]);
}
