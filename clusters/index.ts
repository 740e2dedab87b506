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
export { defineFleet } from "./fleet/define-fleet.ts";
export { fleetFactsSchema, parseFleetFacts } from "./fleet/facts-file.ts";
export type { FleetFacts } from "./fleet/facts-file.ts";
export type { Capacity, ClusterFacts, Fleet, FleetCluster, Price } from "./fleet/fleet.ts";
export { everywhere, runsAtLeast, where } from "./fleet/select.ts";
export type { Selector, Wanted } from "./fleet/select.ts";
export type { Identity, KeyPair } from "./identity.ts";
export { diffLocks, formatLockDiff } from "./lock/diff.ts";
export type { AppDiff, LockDiff, ReleaseDiff, ReplicaDiff } from "./lock/diff.ts";
export { failBack, failOver, standing } from "./lock/failover.ts";
export type { Failover } from "./lock/failover.ts";
export { emptyLock, fleetLockSchema, parseLock, serializeLock, withPlan, withReleases } from "./lock/lock.ts";
export type { FleetLock, Releases } from "./lock/lock.ts";
export { on, overrides, resolveOverrides } from "./overrides/overrides.ts";
export type { Layer, Overrides, Resolved } from "./overrides/overrides.ts";
export type { AppDecision, Cost, Decision, Move, Plan, Refusal } from "./placement/decision.ts";
export { divide, only, place } from "./placement/place.ts";
export type { Only, Place } from "./placement/place.ts";
export type {
  AllOf,
  ClusterToleration,
  Divided,
  Each,
  OnlyOf,
  PickOf,
  PlacedApp,
  Placement,
  Replicas,
  Request,
  Spread,
} from "./placement/placement.ts";
export { plan } from "./placement/plan.ts";
export type { PlanOptions } from "./placement/plan.ts";
export type {
  AccessMode,
  CsiSecrets,
  ExternalSecrets,
  GatewayProfile,
  IngressProfile,
  MonitoringProfile,
  NodePool,
  PodSecurityLevel,
  Profile,
  SecretsProfile,
  StorageIntent,
  StorageOffer,
} from "./profile.ts";
export type { Proxy } from "./proxy.ts";
export { advanceRollout } from "./waves/advance-rollout.ts";
export type { RolloutEvent } from "./waves/advance-rollout.ts";
export { removalProblems } from "./waves/guards.ts";
export type { AllowedRemoval } from "./waves/guards.ts";
export { nextStep, withRollout } from "./waves/next-step.ts";
export type { ExitCode, Step, Targets } from "./waves/next-step.ts";
export type {
  HttpProbe,
  PrometheusAddress,
  PrometheusProbe,
  PrometheusQuery,
  PrometheusService,
} from "./waves/probes.ts";
export { resolveWaves } from "./waves/resolve.ts";
export type { ResolvedWave } from "./waves/resolve.ts";
export { startRollout } from "./waves/rollout.ts";
export type { Phase, Rollout, RolloutStart, RolloutWave, Target, TargetState } from "./waves/rollout.ts";
export { canary, matching, percent, rest, safeWaves, waves } from "./waves/waves.ts";
export type { RolloutRules, Take, Wave, WaveOptions, Waves } from "./waves/waves.ts";
export { isOpen, nextOpening } from "./waves/windows.ts";
export type { Day, MaintenanceWindow } from "./waves/windows.ts";
