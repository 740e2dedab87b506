import type { ClusterAccess } from "../../bootstrap/operation.ts";
import type { DrainPolicy } from "../../kube/drain-blockers.ts";
import { holding } from "./holding.ts";
import { accessOf, type HostRecord, knownCluster, toReachable } from "./hosts.ts";
import type { Call } from "./resource.ts";
import type { ClusterHostsInputs } from "./resources/cluster-hosts.ts";

/** How a worker leaves. */
export interface Leaving {
  readonly drain?: DrainPolicy;
}

/**
 * Lists what happens to the workers that this run takes away. The engine asks nobody about a resource that it would
 * delete: the record of hosts is the one place that sees them go.
 */
export async function previewLeavers(
  call: Call,
  { hosts, identity }: ClusterHostsInputs,
  before: ClusterHostsInputs,
): Promise<void> {
  const gone = Object.entries(before.hosts).filter(
    ([name, { role, nodeAddress }]) => role === "worker" && !(name in hosts) && !isHeld(hosts, nodeAddress),
  );
  const access =
    gone.length === 0 ? undefined : await mintAccess(call, { ...before, ...(identity && { identity }) });
  if (access === undefined) return;
  const { clusterId = "", caCertificate = "", leaving = {} } = before;
  for (const [name, host] of gone) {
    const { drain } = leaving[name] ?? {};
    const left = await call.world.bootstrap.removeWorker(call.operation, {
      ...{ cluster: knownCluster(before.cluster), clusterId, caCertificate, access },
      host: toReachable(name, host),
      ...(drain && { drain }),
    });
    for (const line of left) call.warn(line);
  }
}

/** The call, made while its run holds the cluster whose hosts it resets. Without an API only the hosts' own locks hold. */
export async function heldUntilItsEnd(call: Call, inputs: ClusterHostsInputs): Promise<Call> {
  const access = await mintAccess(call, inputs);
  const { cluster, clusterId = "" } = inputs;
  return access === undefined ? call : holding(call, { name: cluster.name, clusterId, access });
}

/** A worker that is declared under another name goes on. */
function isHeld(hosts: HostRecord, address: string): boolean {
  return Object.values(hosts).some(({ nodeAddress }) => nodeAddress === address);
}

/** Undefined if the state is older than the way to the API. */
async function mintAccess(
  { world }: Call,
  { cluster, hosts, identity }: ClusterHostsInputs,
): Promise<ClusterAccess | undefined> {
  if (identity === undefined) return undefined;
  const known = knownCluster(cluster);
  const { kubeconfig } = await world.mintKubeconfig(identity, known);
  const planes = Object.entries(hosts).filter(([, { role }]) => role === "controlPlane");
  return accessOf(known, kubeconfig, Object.fromEntries(planes));
}
