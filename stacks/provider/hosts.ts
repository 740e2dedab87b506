import type { ClusterAccess, ReachableHost } from "../../bootstrap/operation.ts";
import type { Cluster, Taint } from "../../clusters/cluster.ts";
import { apiPortOf, defaultApiPort, unknownEndpoint } from "../../clusters/endpoint.ts";
import type { Endpoint } from "../../clusters/endpoint.ts";
import type { Identity } from "../../clusters/identity.ts";
import type { Hooks } from "../../clusters/settings/hooks.ts";
import type { HostFiles } from "../../clusters/settings/host-files.ts";
import type { KubeletSettings } from "../../clusters/settings/kubelet.ts";
import type { Connection } from "../../remote/runner.ts";
import type { Call } from "./resource.ts";

/** A host as it is written into a resource's inputs, by name. */
export interface HostInputs {
  readonly role: "controlPlane" | "worker";
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly kubelet?: KubeletSettings;
  readonly files?: HostFiles;
  readonly hooks?: Hooks;
  readonly mirror?: string;
  /** Changes whenever the host was started, so that its node is looked after. */
  readonly starts?: number;
  readonly connection: Connection;
}

export type HostRecord = Readonly<Record<string, HostInputs>>;

/** Addresses that stand for those that a preview cannot know. They are reserved and never used by a host. */
const unknownNetwork = "192.0.2";

/** The hosts of a record, for bootstrap. In a preview a host whose address is not known yet has no connection. */
export function reachable(hosts: Readonly<Record<string, Partial<HostInputs>>>): ReachableHost[] {
  return Object.entries(hosts).map(([name, host], index) => toReachable(name, host, index));
}

/** One host, for bootstrap. */
export function toReachable(name: string, host: Partial<HostInputs>, index = 0): ReachableHost {
  const { role = "worker", nodeName = name, labels = {}, taints = [], nodeAddress } = host;
  return {
    name,
    role,
    nodeName,
    nodeAddress: nodeAddress ?? `${unknownNetwork}.${String(index + 1)}`,
    labels,
    taints,
    ...given(host, ["kubelet", "files", "hooks", "mirror"]),
    connection: isComplete(host.connection) && nodeAddress !== undefined ? host.connection : undefined,
  };
}

/** Those of the properties that the host has. */
function given<Key extends keyof HostInputs>(
  host: Partial<HostInputs>,
  keys: readonly Key[],
): Partial<Pick<HostInputs, Key>> {
  const there = keys.flatMap((key) => (host[key] === undefined ? [] : [[key, host[key]] as const]));
  return Object.fromEntries(there) as Partial<Pick<HostInputs, Key>>;
}

/** The cluster, for bootstrap. In a preview its endpoint may not be known yet. */
export function knownCluster(
  cluster: Partial<Cluster> & Pick<Cluster, "name" | "kubernetes" | "network">,
): Cluster {
  const { name, kubernetes, network, proxy, registries, controlPlane } = cluster;
  return {
    name,
    kubernetes,
    network,
    ...(proxy && { proxy }),
    ...(registries && { registries }),
    ...(controlPlane && { controlPlane }),
    endpoint: knownEndpoint(cluster.endpoint),
  };
}

function knownEndpoint({ mode = "address", host, port, peers }: Partial<Endpoint> = {}): Endpoint {
  const known = Object.entries(peers ?? {}).map(([name, address], index) => [
    name,
    (address as string | undefined) ?? `${unknownNetwork}.${String(index + 1)}`,
  ]);
  return {
    mode,
    host: host ?? (mode === "address" ? `${unknownNetwork}.1` : unknownEndpoint),
    port: port ?? defaultApiPort,
    ...(mode === "nodeLocal" && { peers: Object.fromEntries(known) as Record<string, string> }),
  };
}

/** The way to a cluster's API, for bootstrap. */
export function accessOf({ endpoint }: Cluster, kubeconfig: string, controlPlane: HostRecord): ClusterAccess {
  return { kubeconfig, controlPlane: reachable(controlPlane), apiPort: apiPortOf(endpoint) };
}

/** The identity; one to preview with, and to throw away, if the real one is not made yet. */
export async function knownIdentity(
  call: Call,
  identity: Identity | undefined,
  clusterName: string,
): Promise<Identity> {
  return identity ?? (await call.world.createIdentity(clusterName));
}

/** The hosts whose machine this run starts: a preview cannot reach them yet. */
export function startedHosts(
  hosts: Readonly<Record<string, Partial<HostInputs>>>,
  before: Readonly<Record<string, Partial<HostInputs>>>,
): string[] {
  return Object.entries(hosts).flatMap(([name, { starts }]) => {
    const last = before[name];
    return last !== undefined && starts !== last.starts ? [name] : [];
  });
}

/** In a preview, lists that these hosts' nodes will be looked after. False if there is nothing of the kind. */
export function previewsStart({ operation }: Call, started: readonly string[]): boolean {
  if (!operation.preview || started.length === 0) return false;
  for (const host of started) {
    operation.onIntent({ host, what: "make sure that the node is healthy after its machine was started" });
  }
  return true;
}

function isComplete(connection: Partial<Connection> | undefined): connection is Connection {
  return connection?.address !== undefined;
}
