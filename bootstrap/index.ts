export type { Cluster, ClusterHost, Network, Taint } from "../clusters/cluster.ts";
export { defineCluster } from "../clusters/define-cluster.ts";
export type { ClusterSpec, DefinedCluster, HostSpec } from "../clusters/define-cluster.ts";
export type { HostFacts } from "../clusters/facts.ts";
export type { Identity } from "../clusters/identity.ts";
export type { Connection } from "../remote/runner.ts";
export { applyCluster } from "./apply-cluster.ts";
export { applyClusterServices, pendingClusterServices } from "./cluster-services.ts";
export { applyControlPlane, defragmentEtcd, pendingControlPlane } from "./control-plane.ts";
export type { HostWarning } from "./host-warnings.ts";
export { findNodeAddresses } from "./find-node-addresses.ts";
export { caHash, createIdentity, mintKubeconfig, needsRenewal } from "./identity.ts";
export { inspectHosts } from "./inspect-hosts.ts";
export { openOperation } from "./open-operation.ts";
export type {
  ApplyClusterServices,
  ApplyControlPlane,
  ApplyWorker,
  ClusterAccess,
  ControlPlaneState,
  InspectHosts,
  Intent,
  Operation,
  PendingWork,
  ReachableHost,
  RemoveWorker,
  ResetHosts,
  SettleEndpoint,
  WorkerRequest,
} from "./operation.ts";
export { removeWorker } from "./remove-worker.ts";
export { resetHosts } from "./reset-hosts.ts";
export { residue } from "./residue.ts";
export { settleEndpoint } from "./settle-endpoint.ts";
export { applyWorker, pendingWorker } from "./worker.ts";
