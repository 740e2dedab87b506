export type { AddressPolicy, Cluster, ClusterHost, Network, Taint } from "./cluster.ts";
export { defaultNetwork, defineCluster, supportedMinors } from "./define-cluster.ts";
export type { ClusterSpec, DefinedCluster, HostSpec } from "./define-cluster.ts";
export type { Endpoint, EndpointSpec } from "./endpoint.ts";
export type {
  DiskFacts,
  FileFacts,
  FirewallFacts,
  HostAddress,
  HostFacts,
  HostRoute,
  ImageFacts,
  KernelFeature,
  KubernetesFacts,
  ListeningPort,
  NameFacts,
  OperatingSystem,
  OwnerToken,
  PackageFacts,
  SecurityFacts,
  SwapFacts,
  UnitFacts,
} from "./facts.ts";
export type { Identity, KeyPair } from "./identity.ts";
export type { Proxy } from "./proxy.ts";
export type { PodSecurityLevel, Profile, StorageIntent } from "./profile.ts";
