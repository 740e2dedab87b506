import type { Taint } from "../clusters/cluster.ts";

/** What the API says of a Node, as far as keelson cares. */
export interface NodeFacts {
  readonly ready: boolean;
  readonly schedulable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Without `v`. */
  readonly kubeletVersion: string;
  readonly bootId: string;
}
