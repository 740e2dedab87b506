import { KeelsonError } from "../errors.ts";
import { openClient } from "./api.ts";
import { moveClusterServices } from "./cluster-services.ts";
import { blankFacts } from "./facts/blank.ts";
import { gatherFacts } from "./facts/gather.ts";
import type { Operation, ReachableHost, SettleEndpoint } from "./operation.ts";
import { balancerUnit } from "./phases/balancer.ts";
import { formerEndpoint } from "./phases/former-endpoint.ts";
import { virtualAddressUnit } from "./phases/virtual-address.ts";
import { runPlan } from "./run-plan.ts";
import { bringUpToDate, comesNodeByNode, staleRecords } from "./services/living-endpoint.ts";
import type { HostView } from "./view.ts";

type Request = Parameters<SettleEndpoint>[1];

/**
 * Ends a change of the control plane's endpoint or settings: every host has been led to them; now the cluster's services
 * and records follow, and at last what kept a former endpoint goes. A host that is silent keeps what it has, and is named.
 */
export const settleEndpoint: SettleEndpoint = async (operation, request) => {
  const { cluster, access } = request;
  if (access.kubeconfig === "") return [];
  const client = await openClient(operation, access);
  try {
    // The records come first: from then on the services follow, also in a later run.
    for (const record of await staleRecords(client, cluster, operation.signal))
      await bringUpToDate(operation, client, { cluster, record });
    if (comesNodeByNode(cluster.endpoint)) await moveClusterServices(operation, client, cluster);
  } finally {
    client.close();
  }
  const silent = await Promise.all(request.hosts.map((host) => dropFormer(operation, request, host)));
  return silent.flat();
};

const facts = {
  files: [...balancerUnit.paths, ...virtualAddressUnit.paths],
  units: { [balancerUnit.name]: [], [virtualAddressUnit.name]: [] },
};

async function dropFormer(
  operation: Operation,
  { cluster, clusterId }: Request,
  host: ReachableHost,
): Promise<readonly string[]> {
  const { name, connection } = host;
  if (connection === undefined) return [];
  const runner = operation.pool.get(name, connection);
  const look = async (): Promise<Pick<HostView, "facts" | "cluster">> => {
    const seen = await gatherFacts(runner, facts, operation.signal);
    // A host that is somebody else's by now has nothing of ours.
    return { cluster, facts: seen.owner?.clusterId === clusterId ? seen : blankFacts(host) };
  };
  try {
    const idle = formerEndpoint.plan((await look()) as HostView).length === 0;
    const target = { host: name, runner, look: look as () => Promise<HostView>, judge: () => undefined };
    if (!idle) await runPlan(operation, target, [[formerEndpoint]]);
    return [];
  } catch (error) {
    if (KeelsonError.is(error) && error.code === "KEELSON_HOST_UNREACHABLE") return [name];
    throw error;
  }
}
