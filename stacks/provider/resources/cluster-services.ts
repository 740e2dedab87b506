import type { ApplyClusterServices } from "../../../bootstrap/operation.ts";
import type { Cluster } from "../../../clusters/cluster.ts";
import { checkCluster, checkHosts } from "../checks.ts";
import { holding } from "../holding.ts";
import { type HostRecord, accessOf, knownCluster } from "../hosts.ts";
import type { Call, Drifting, Resource } from "../resource.ts";
import { isControlPlaneSetting } from "./cluster-hosts.ts";

export interface ClusterServicesInputs {
  readonly cluster: Cluster;
  /** Unknown in the preview of a new cluster. */
  readonly clusterId?: string;
  readonly kubeconfig?: string;
  readonly controlPlane: HostRecord;
}

export type ClusterServicesOutputs = Drifting;

/** What a cluster runs for itself: pod network, DNS, service proxy, kubeadm's own configuration. */
export const clusterServices: Resource<ClusterServicesInputs, ClusterServicesOutputs> = {
  type: "keelson:index:ClusterServices",
  outputs: ["pending"],
  secretOutputs: [],
  refreshBeforeUpdate: true,
  diff: {
    ignores: (parts) =>
      parts[0] === "kubeconfig" || parts[0] === "controlPlane" || isControlPlaneSetting(parts),
    replaces: (parts) => parts[0] === "clusterId",
  },
  check(inputs) {
    checkCluster(inputs);
    checkHosts(inputs, "controlPlane");
    inputs.text("clusterId");
    inputs.text("kubeconfig");
  },
  id: ({ clusterId = "" }) => clusterId,
  async create(call, inputs) {
    return { outputs: await apply(call, inputs) };
  },
  update: (call, inputs) => apply(call, inputs),
  async read(call, { inputs }) {
    const pending = await call.world.bootstrap.pendingClusterServices(call.operation, requestOf(inputs));
    return pending === undefined ? "silent" : { pending };
  },
  // They end with the hosts that they run on.
  delete: () => Promise.resolve(),
};

async function apply(call: Call, inputs: ClusterServicesInputs): Promise<Partial<ClusterServicesOutputs>> {
  const request = requestOf(inputs);
  const { cluster, access } = request;
  const { clusterId = "" } = inputs;
  const { operation, world } = await holding(call, { name: cluster.name, clusterId, access });
  await world.bootstrap.applyClusterServices(operation, request);
  return { pending: [] };
}

function requestOf(inputs: ClusterServicesInputs): Parameters<ApplyClusterServices>[1] {
  const { cluster, kubeconfig = "", controlPlane } = inputs;
  const known = knownCluster(cluster);
  return {
    cluster: known,
    access: accessOf(known, kubeconfig, controlPlane),
  };
}
