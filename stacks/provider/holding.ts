import type { HeldCluster } from "../../bootstrap/run-leases.ts";
import type { Call } from "./resource.ts";

/** The call, made while its run holds the cluster. A preview takes nothing, and so does a cluster that is not there yet. */
export async function holding(call: Call, cluster: HeldCluster): Promise<Call> {
  const { operation, world } = call;
  if (operation.preview || cluster.access.kubeconfig === "") return call;
  const lost = await world.leases.hold(operation, cluster);
  return { ...call, operation: { ...operation, signal: AbortSignal.any([operation.signal, lost]) } };
}
