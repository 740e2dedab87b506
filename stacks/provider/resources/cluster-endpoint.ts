import { checkCluster, checkHosts } from "../checks.ts";
import { holding } from "../holding.ts";
import { accessOf, type HostRecord, knownCluster, reachable } from "../hosts.ts";
import type { Resource } from "../resource.ts";
import type { ClusterServicesInputs } from "./cluster-services.ts";

export interface ClusterEndpointInputs extends ClusterServicesInputs {
  /** All hosts of the cluster. */
  readonly hosts: HostRecord;
}

/** What a change of the endpoint, or of the control plane's settings, comes to its end with, after all nodes. */
export const clusterEndpoint: Resource<ClusterEndpointInputs, object> = {
  type: "keelson:index:ClusterEndpoint",
  outputs: [],
  secretOutputs: [],
  refreshBeforeUpdate: false,
  diff: {
    ignores: ([head, next]) =>
      head !== "clusterId" && !(head === "cluster" && (next === "endpoint" || next === "controlPlane")),
    replaces: ([head]) => head === "clusterId",
  },
  check(inputs) {
    checkCluster(inputs);
    checkHosts(inputs, "controlPlane");
    checkHosts(inputs, "hosts");
    inputs.text("clusterId");
    inputs.text("kubeconfig");
  },
  id: ({ clusterId = "" }) => clusterId,
  // A new cluster has no former endpoint.
  create: () => Promise.resolve({ outputs: {} }),
  async update(call, { cluster, clusterId = "", kubeconfig = "", controlPlane, hosts }) {
    const known = knownCluster(cluster);
    const access = accessOf(known, kubeconfig, controlPlane);
    const { operation, world, warn } = await holding(call, { name: known.name, clusterId, access });
    const silent = await world.bootstrap.settleEndpoint(operation, {
      cluster: known,
      clusterId,
      access,
      hosts: reachable(hosts),
    });
    if (silent.length > 0) {
      warn(`These hosts do not answer and keep what the former endpoint needed: ${silent.join(", ")}`);
    }
    return {};
  },
  read: () => Promise.resolve("silent"),
  delete: () => Promise.resolve(),
};
