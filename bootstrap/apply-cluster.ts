import type { Cluster } from "../clusters/cluster.ts";
import { apiPortOf } from "../clusters/endpoint.ts";
import type { Identity } from "../clusters/identity.ts";
import { parallel } from "../remote/parallel.ts";
import { applyClusterServices } from "./cluster-services.ts";
import { applyControlPlane } from "./control-plane.ts";
import { inspectHosts } from "./inspect-hosts.ts";
import type { ControlPlaneState, Operation, ReachableHost } from "./operation.ts";
import { settleEndpoint } from "./settle-endpoint.ts";
import { applyWorker } from "./worker.ts";

/**
 * Brings a whole cluster to the wanted state, for programs without Pulumi: all hosts are judged first, then come the
 * control plane, its services, and all workers side by side. Run again, it goes on where it stopped, or does nothing.
 *
 * @throws ProblemsError with every problem of every host, before anything is touched
 */
export async function applyCluster(
  operation: Operation,
  request: {
    readonly cluster: Cluster;
    readonly identity: Identity;
    readonly hosts: readonly ReachableHost[];
    /** Control-plane hosts of before that shall leave. @default [] */
    readonly removed?: readonly ReachableHost[];
  },
): Promise<ControlPlaneState> {
  const { cluster, identity, hosts, removed = [] } = request;
  const { clusterId, ca } = identity;
  const caCertificate = ca.certificate;
  await inspectHosts(operation, { cluster, identity: { clusterId, caCertificate }, hosts, known: {} });
  const controlPlane = hosts.filter(({ role }) => role === "controlPlane");
  const workers = hosts.filter(({ role }) => role === "worker");
  const plane = { cluster, identity, hosts: controlPlane, removed, ahead: workers };
  const state = await applyControlPlane(operation, plane);
  const access = {
    kubeconfig: state.kubeconfig,
    controlPlane,
    apiPort: apiPortOf(cluster.endpoint),
  };
  await applyClusterServices(operation, { cluster, access });
  await parallel(
    workers,
    { what: "join the workers", where: ({ name }) => name, signal: operation.signal },
    (host) => applyWorker(operation, { cluster, clusterId, caCertificate, access, host }),
  );
  await settleEndpoint(operation, { cluster, clusterId, access, hosts });
  return state;
}
