import type { Cluster, ClusterHost } from "../clusters/cluster.ts";
import type { HostFacts } from "../clusters/facts.ts";
import type { ErrorCode } from "../errors.ts";

/** What the judgement of one host needs to know. */
export interface Judged {
  readonly cluster: Cluster;
  readonly clusterId: string;
  /** SHA-256 of the cluster's CA; undefined while there is none. */
  readonly caSha256: string | undefined;
  readonly host: Pick<ClusterHost, "name" | "role" | "nodeName" | "nodeAddress">;
  readonly facts: HostFacts;
}

/** What is wrong with a host: a code, and a message that begins after the host's name. */
export type Finding = readonly [ErrorCode, string];
