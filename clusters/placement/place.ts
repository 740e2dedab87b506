import { KeelsonError } from "../../errors.ts";
import type { FleetCluster } from "../fleet/fleet.ts";
import type { Selector } from "../fleet/select.ts";
import type {
  AllOf,
  ClusterToleration,
  Divided,
  Each,
  OnlyOf,
  PickOf,
  Placement,
  Replicas,
  Spread,
} from "./placement.ts";

/** How a total of replicas is divided among clusters. */
export const divide = {
  /** As many on each as on any other. */
  evenly: (total: number): Divided => divided(total, "even"),
  /** In proportion to a number of each cluster's; 0 leaves it out. */
  byWeight: (total: number, weight: (cluster: FleetCluster) => number): Divided => ({
    ...divided(total, "weight"),
    weight,
  }),
  /** In proportion to the replicas that each has room for. */
  byCapacity: (total: number): Divided => divided(total, "capacity"),
  /** On as few as possible, the roomiest first. */
  aggregated: (total: number): Divided => divided(total, "aggregate"),
  /** On the cheapest that have room. */
  byCost: (total: number): Divided => divided(total, "cost"),
};

/** Clusters by their names, and no others. */
export interface Only {
  readonly only: readonly [string, ...(readonly string[])];
}

/** Exactly these clusters: a placement without any choice. */
export function only(...names: [string, ...string[]]): Only {
  return { only: names };
}

/** Where an app goes. Without more words: on every cluster that matches, with two replicas on each. */
export function place(target: Selector): Place<AllOf, Each>;
export function place(target: Only): Place<OnlyOf, Each>;
export function place(target: Selector | Only): Place<Placement, Each> {
  const rules = { replicas: { kind: "each", count: 2 }, tolerations: [], overflow: [] } as const;
  return new Place<Placement, Each>(
    "only" in target
      ? { ...rules, choice: "only", clusters: target.only }
      : { ...rules, choice: "all", tiers: [target] },
  );
}

/**
 * A placement under construction. A word that makes no sense after the others does not compile: nothing can be picked
 * among named clusters, only picked clusters are spread, and only divided replicas overflow.
 */
class Place<P extends Placement, R extends Replicas> {
  /** The placement so far. */
  readonly rule: P & { readonly replicas: R };

  constructor(rule: Placement) {
    this.rule = rule as P & { readonly replicas: R };
  }

  /** On this many of the clusters that match. Throws KEELSON_INVALID_INPUT unless it is a whole number from 1. */
  pick(this: Place<AllOf, R>, count: number): Place<PickOf, R> {
    return new Place({ ...this.rule, choice: "pick", count: positive(count, "clusters"), spread: [] });
  }

  /** Spread over regions, zones, providers or the values of a label. */
  spread(this: Place<PickOf, R>, first: Spread, second?: Spread): Place<PickOf, R> {
    const spread = second === undefined ? [first] : [first, second];
    for (const { by, maxSkew } of spread) positive(maxSkew, `clusters of skew by "${by}"`);
    return new Place({ ...this.rule, spread });
  }

  /** This many on each cluster, or a total that is divided. */
  replicas(replicas: number): Place<P, Each>;
  replicas(replicas: Divided): Place<P, Divided>;
  replicas(replicas: number | Divided): Place<P, Replicas> {
    const wanted: Replicas =
      typeof replicas === "number" ? { kind: "each", count: positive(replicas, "replicas") } : replicas;
    return new Place({ ...this.rule, replicas: wanted });
  }

  /** Where the whole app goes instead if it does not fit; the next one if it does not fit there either. */
  fallback(this: Place<AllOf, R> | Place<PickOf, R>, ...selectors: Selector[]): Place<P, R> {
    const { rule } = this;
    return new Place({ ...rule, tiers: [...rule.tiers, ...selectors] });
  }

  /** Where the replicas go, in this order, that the chosen clusters have no room for. */
  overflow(this: Place<P & (AllOf | PickOf), Divided>, ...selectors: Selector[]): Place<P, Divided> {
    return new Place({ ...this.rule, overflow: [...this.rule.overflow, ...selectors] });
  }

  /** Clusters with such taints are as good as others. */
  tolerate(...tolerations: ClusterToleration[]): Place<P, R> {
    return new Place({ ...this.rule, tolerations: [...this.rule.tolerations, ...tolerations] });
  }
}

export type { Place };

function divided(total: number, by: Divided["by"]): Divided {
  return { kind: "divided", total: positive(total, "replicas"), by };
}

function positive(count: number, what: string): number {
  if (Number.isInteger(count) && count > 0) return count;
  throw new KeelsonError(
    "KEELSON_INVALID_INPUT",
    `Cannot place an app on ${count} ${what}: it is not a whole number from 1`,
  );
}
