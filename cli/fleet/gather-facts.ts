import type { FleetFacts } from "../../clusters/fleet/facts-file.ts";
import type { Capacity, ClusterFacts } from "../../clusters/fleet/fleet.ts";
import type { KubeObject, TargetCluster } from "../../delivery/index.ts";

interface Version {
  readonly gitVersion?: string;
}

interface Node extends KubeObject {
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly providerID?: string;
    readonly taints?: readonly { readonly effect?: string }[];
  };
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly nodeInfo?: { readonly architecture?: string };
  };
}

/** Reads a cluster's version, and what its nodes are and can take. */
export async function gatherFacts({ client }: TargetCluster): Promise<ClusterFacts> {
  const version = await client.request<Version>({ path: "/version" });
  const { items } = await client.request<{ readonly items: readonly Node[] }>({ path: "/api/v1/nodes" });
  return factsFrom(version.gitVersion ?? "", items);
}

/** The facts file of what was gathered. */
export function factsFile(clusters: Readonly<Record<string, ClusterFacts>>, now: Date): FleetFacts {
  return { version: 1, gatheredAt: now.toISOString(), clusters };
}

/** What a version and nodes say of their cluster; what its nodes disagree on is left out. Pure. */
export function factsFrom(gitVersion: string, nodes: readonly Node[]): ClusterFacts {
  const kubernetes = /^v(\d+\.\d+\.\d+)/u.exec(gitVersion)?.[1];
  const workers = nodes.filter(takesPods);
  const region = common(nodes.map(({ metadata }) => metadata.labels?.["topology.kubernetes.io/region"]));
  const zone = common(nodes.map(({ metadata }) => metadata.labels?.["topology.kubernetes.io/zone"]));
  const provider = common(nodes.map(({ spec }) => /^([a-z0-9]+):\/\//u.exec(spec?.providerID ?? "")?.[1]));
  const arch = common(workers.map(({ status }) => status?.nodeInfo?.architecture));
  return {
    ...(kubernetes !== undefined && { kubernetes }),
    ...(region !== undefined && { region }),
    ...(zone !== undefined && { zone }),
    ...(provider !== undefined && { provider }),
    ...((arch === "amd64" || arch === "arm64") && { arch }),
    ...(workers.length > 0 && { capacity: capacityOf(workers) }),
  };
}

function takesPods({ spec }: Node): boolean {
  return (
    spec?.unschedulable !== true && (spec?.taints ?? []).every(({ effect }) => effect === "PreferNoSchedule")
  );
}

function capacityOf(nodes: readonly Node[]): Capacity {
  const sum = (resource: string): number =>
    nodes.reduce((total, { status }) => total + quantity(status?.allocatable?.[resource] ?? "0"), 0);
  const gpu = sum("nvidia.com/gpu") + sum("amd.com/gpu");
  return {
    cpu: Math.floor(sum("cpu") * 100) / 100,
    memoryGib: Math.floor((sum("memory") / 1024 ** 3) * 100) / 100,
    pods: sum("pods"),
    ...(gpu > 0 && { gpu }),
  };
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
};

/** A quantity of Kubernetes as a number; what is none counts nothing. */
function quantity(text: string): number {
  const [, digits = "0", unit = ""] = /^([0-9.]+)([A-Za-z]*)$/u.exec(text) ?? [];
  return Number(digits) * (units[unit] ?? 0);
}

function common(values: readonly (string | undefined)[]): string | undefined {
  const [first, ...others] = new Set(values);
  return others.length === 0 ? first : undefined;
}
