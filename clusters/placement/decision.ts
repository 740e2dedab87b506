/** Which app runs where. Plain data: it is kept in the lock file and given to the next plan. */
export interface Decision {
  /** By name. */
  readonly apps: Readonly<Record<string, AppDecision>>;
}

/** Where one app runs. */
export interface AppDecision {
  /** Which of its choices is in use: 0 is the first one, 1 its first fallback. */
  readonly tier: number;
  /** Replicas by cluster; every cluster has at least one. */
  readonly clusters: Readonly<Record<string, number>>;
}

/** A decision with what led to it and what it changes. Plain data. */
export interface Plan {
  readonly decision: Decision;
  /** Apps that fit nowhere. They stay as they were: nothing is taken away without a replacement. */
  readonly refused: readonly Refusal[];
  /** Every change against the previous decision, by app and cluster. */
  readonly moves: readonly Move[];
  /** Of the previous decision and of this one, both at today's prices. */
  readonly cost: { readonly before: Cost; readonly after: Cost };
  /** Clusters that hold more than their capacity, as far as it is known. They are warned about, not relieved. */
  readonly overcommitted: readonly string[];
  /** When the facts were gathered that it was made from. @default - they were declared */
  readonly factsFrom?: string;
}

/** Why an app fits nowhere. */
export interface Refusal {
  readonly app: string;
  /** One sentence for each of the app's choices, in order. */
  readonly reasons: readonly string[];
  /** By cluster, for each that does not fit. */
  readonly clusters: Readonly<Record<string, string>>;
}

/** One app on one cluster has another number of replicas than before. */
export interface Move {
  readonly app: string;
  readonly cluster: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** What replicas cost by what they ask for. */
export interface Cost {
  readonly perHour: number;
  /** Replicas on clusters without a price, or of apps that are gone; they are not in `perHour`. */
  readonly unpriced: number;
}
