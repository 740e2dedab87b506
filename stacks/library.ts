import "./stack-traces.ts";

export {
  BareMetalCluster,
  type BareMetalClusterArgs,
  type BareMetalHost,
  type Pool,
} from "./components/bare-metal-cluster.ts";
export type { Cluster } from "./components/cluster.ts";
export { ClusterSet, type ClusterSetArgs } from "./components/cluster-set.ts";
export { ExistingCluster, type ExistingClusterArgs } from "./components/existing-cluster.ts";
export { LocalCluster, type LocalClusterArgs } from "./components/local-cluster.ts";
export { type Addresses, type AppContext, Workload, type WorkloadArgs } from "./components/workload.ts";
export type { SetOptions } from "./components/set-engine.ts";
export { late, lateSecret } from "./late.ts";
export type { ServiceAddress } from "./objects/addresses.ts";
export type { ConnectionArgs } from "./resources.ts";
