import type { Taint } from "../clusters/cluster.ts";

/** What the API says of a Node, as far as keelson cares. */
export interface NodeFacts {
  readonly ready: boolean;
  /** Why it is not Ready, in the kubelet's words. */
  readonly reason: string;
  readonly schedulable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly annotations: Readonly<Record<string, string>>;
  /** When the kubelet last told how it is, ISO 8601. */
  readonly heartbeat?: string;
  /** Without `v`. */
  readonly kubeletVersion: string;
}

/** A Node as the API returns it, as far as it is read here. */
export interface RawNode {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
      readonly lastHeartbeatTime?: string;
    }[];
    readonly nodeInfo?: { readonly kubeletVersion?: string };
  };
}

/** Reads a Node. */
export function parseNode({ metadata, spec = {}, status = {} }: RawNode): NodeFacts {
  const condition = status.conditions?.find(({ type }) => type === "Ready");
  return {
    ready: condition?.status === "True",
    reason: condition?.message ?? "it has not reported yet",
    schedulable: spec.unschedulable !== true,
    labels: metadata.labels ?? {},
    taints: (spec.taints ?? []).map(({ key, value, effect }) => ({ key, ...(value && { value }), effect })),
    annotations: metadata.annotations ?? {},
    ...heartbeatOf(condition),
    kubeletVersion: (status.nodeInfo?.kubeletVersion ?? "").replace(/^v/, ""),
  };
}

function heartbeatOf(
  condition: { readonly lastHeartbeatTime?: string } | undefined,
): Pick<NodeFacts, "heartbeat"> {
  return condition?.lastHeartbeatTime === undefined ? {} : { heartbeat: condition.lastHeartbeatTime };
}
