import type { Taint } from "../cluster.ts";

/** Clusters as facts: what placement decides by. Plain data. */
export interface Fleet {
  /** In the order of their names. */
  readonly clusters: readonly FleetCluster[];
  /** When the gathered facts were read, ISO 8601. @default - all facts are declared */
  readonly gatheredAt?: string;
}

/** One cluster of a fleet. */
export interface FleetCluster extends ClusterFacts {
  /** RFC 1123 label, unique in the fleet. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

/** What is known of a cluster, declared or gathered. What is left out is unknown, not zero. */
export interface ClusterFacts {
  /** What tells clusters apart: stage, team, kind of hardware. Where a cluster is has properties of its own. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Who runs the machines: `metal`, `aws`, `hetzner` … */
  readonly provider?: string;
  readonly region?: string;
  readonly zone?: string;
  /** Version without `v`, `1.35.4` for example. */
  readonly kubernetes?: string;
  readonly arch?: "amd64" | "arm64";
  readonly capacity?: Capacity;
  readonly price?: Price;
  /**
   * As on nodes: `NoSchedule` keeps new apps away, `NoExecute` moves away those that are there, `PreferNoSchedule`
   * makes the cluster the last choice. @default - none
   */
  readonly taints?: readonly Taint[];
}

/** What the apps of the fleet may use of a cluster, all of them together. */
export interface Capacity {
  /** Cores. */
  readonly cpu: number;
  readonly memoryGib: number;
  /** @default - as many as there is processor and memory for */
  readonly pods?: number;
  /** Whole GPUs. @default 0 */
  readonly gpu?: number;
}

/** What a cluster costs, in one currency for the whole fleet. */
export interface Price {
  readonly cpuHour: number;
  readonly gibHour: number;
  /** @default 0 */
  readonly gpuHour?: number;
}

/** The facts of a cluster that selectors and spreads may name beside labels. */
export const namedFacts = ["name", "provider", "region", "zone", "arch"] as const;

/** The fact or label of a cluster that a key names; undefined if the cluster has none. */
export function factOf(cluster: FleetCluster, key: string): string | undefined {
  if (isNamedFact(key)) return cluster[key];
  return Object.hasOwn(cluster.labels, key) ? cluster.labels[key] : undefined;
}

const named: ReadonlySet<string> = new Set(namedFacts);

function isNamedFact(key: string): key is (typeof namedFacts)[number] {
  return named.has(key);
}
