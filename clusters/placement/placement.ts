import type { FleetCluster } from "../fleet/fleet.ts";
import type { Selector } from "../fleet/select.ts";

/** Where an app goes, as declared. */
export type Placement = AllOf | PickOf | OnlyOf;

/** Every cluster that matches. */
export interface AllOf extends Rules {
  readonly choice: "all";
  readonly tiers: Tiers;
}

/** Some of the clusters that match. */
export interface PickOf extends Rules {
  readonly choice: "pick";
  readonly count: number;
  readonly tiers: Tiers;
  readonly spread: readonly Spread[];
}

/** Exactly the clusters that are named. */
export interface OnlyOf extends Rules {
  readonly choice: "only";
  readonly clusters: readonly string[];
}

/** First choice, then its fallbacks in order. One is used at a time: the first in which the app fits. */
export type Tiers = readonly [Selector, ...(readonly Selector[])];

interface Rules {
  readonly replicas: Replicas;
  readonly tolerations: readonly ClusterToleration[];
  /** Where divided replicas go that do not fit, in order. */
  readonly overflow: readonly Selector[];
}

/** Between any two values of the property or label, the numbers of chosen clusters differ by at most `maxSkew`. */
export interface Spread {
  /** `provider`, `region`, `zone`, `arch`, or the key of a label. */
  readonly by: string;
  /** From 1. */
  readonly maxSkew: number;
}

/** A taint that does not matter. Without a value it is any taint with this key. */
export interface ClusterToleration {
  readonly key: string;
  readonly value?: string;
}

/** How many replicas run, on each cluster or in all. */
export type Replicas = Each | Divided;

export interface Each {
  readonly kind: "each";
  readonly count: number;
}

/** A total that is divided among the clusters. */
export interface Divided {
  readonly kind: "divided";
  readonly total: number;
  readonly by: "even" | "weight" | "capacity" | "aggregate" | "cost";
  /** For `weight`; clusters of weight 0 get nothing. */
  readonly weight?: (cluster: FleetCluster) => number;
}

/** What one replica asks for. */
export interface Request {
  /** Cores. */
  readonly cpu: number;
  readonly memoryGib: number;
  readonly gpu?: number;
}

/** An app that is to be placed. */
export interface PlacedApp {
  /** RFC 1123 label, unique among the apps. */
  readonly name: string;
  /** What `place()` builds. */
  readonly place: { readonly rule: Placement };
  /** What one replica asks for. @default - the preset of a web service: a tenth of a core and 128 MiB */
  readonly request?: Request;
  /** Apps that must not be on the same cluster. It is enough that one of the two says so. @default - none */
  readonly apartFrom?: readonly string[];
}
