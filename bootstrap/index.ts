export { applyClusterServices, pendingClusterServices } from "./cluster-services.ts";
export { applyControlPlane, pendingControlPlane } from "./control-plane.ts";
export { caHash, createIdentity, mintKubeconfig, needsRenewal } from "./identity.ts";
export { inspectHosts } from "./inspect-hosts.ts";
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
  WorkerRequest,
} from "./operation.ts";
export { resetHosts } from "./reset-hosts.ts";
export { residue } from "./residue.ts";
export { removeWorker } from "./remove-worker.ts";
export { applyWorker, pendingWorker } from "./worker.ts";
