export { Config, type ConfigPatch, type ConfigProps } from "./config/config.ts";
export { SecretRef, type SecretRefOptions } from "./config/secret-ref.ts";
export type { ConfigSource, ConfigValue } from "./config/source.ts";
export {
  type StoredKey,
  StoredSecret,
  type StoredSecretPatch,
  type StoredSecretProps,
} from "./config/stored-secret.ts";
export type {
  Access,
  AddressRange,
  AppReference,
  Caller,
  CallerReference,
  Peer,
  RemoteApp,
} from "./core/access.ts";
export { capacityOf, type CapacityOptions } from "./capacity/capacity.ts";
export {
  type CapacityReport,
  describeCapacity,
  type NodeFit,
  type Quantities,
  type WorkloadFit,
} from "./capacity/report.ts";
export type { ExternalHost } from "./core/access.ts";
export { registerCrds, useProfile } from "./core/declare.ts";
export type { FilledDefault } from "./core/draft.ts";
export { allow } from "./core/exceptions.ts";
export {
  describeFinding,
  describeFindings,
  type Exception,
  type ExcusableCode,
  type Finding,
  type FindingCode,
} from "./core/finding.ts";
export { explain, findingsOf } from "./core/findings.ts";
export type { JsonPatchOperation } from "./core/json-patch.ts";
export type { MergePatch } from "./core/patch.ts";
export type { Directive, StrategicMerge } from "./core/strategic-patch.ts";
export {
  type JsonPatch,
  jsonPatch,
  type Patch,
  strategicPatch,
  type StrategicPatch,
} from "./core/user-patch.ts";
export { type KnownObject, RawObject, type RawOptions } from "./raw-object/raw-object.ts";
export { type SarifLog, type SarifResult, type SarifRule, type SarifRun, toSarif } from "./core/sarif.ts";
export type { Size, SizeName } from "./core/size.ts";
export {
  isLate,
  type Late,
  type LateSource,
  lateDigest,
  lateMark,
  lateResolverMark,
  lateValue,
} from "./late.ts";
export type { Metrics } from "./application/metrics.ts";
export type { Autoscale, Metric, Scale } from "./application/scale.ts";
export { Application } from "./application/application.ts";
export type {
  Check,
  ContainerProps,
  Env,
  Health,
  Nodes,
  PodField,
  PodProps,
  SideContainer,
  Spread,
} from "./pod/props.ts";
export type { NodePort, WebServicePatch, WebServiceProps } from "./web-service/props.ts";
export { WebService } from "./web-service/web-service.ts";
export { Job } from "./job/job.ts";
export type { JobPatch, JobProps, RunProps } from "./job/props.ts";
export { NodeAgent } from "./node-agent/node-agent.ts";
export type { NodeAgentPatch, NodeAgentProps } from "./node-agent/props.ts";
export type { Schedule, ScheduledJobPatch, ScheduledJobProps } from "./scheduled-job/props.ts";
export { ScheduledJob } from "./scheduled-job/scheduled-job.ts";
export type { Retention, StatefulServicePatch, StatefulServiceProps } from "./stateful-service/props.ts";
export { StatefulService } from "./stateful-service/stateful-service.ts";
export type { WorkerPatch, WorkerProps } from "./worker/props.ts";
export { Worker } from "./worker/worker.ts";
export type {
  ContainerAmounts,
  Groups,
  Limits,
  NamespaceRules,
  Processors,
  Quota,
  TenantPatch,
  TenantProps,
} from "./tenant/props.ts";
export { Tenant } from "./tenant/tenant.ts";
export type {
  MountedVolume,
  OwnVolume,
  PodVolume,
  StorageRequest,
  StorageSize,
  VolumePatch,
  VolumeProps,
  VolumeSource,
  WhenDeleted,
} from "./volume/props.ts";
export { Volume } from "./volume/volume.ts";
export { VolumeRef, type VolumeRefOptions } from "./volume/volume-ref.ts";
export type {
  Backend,
  GrpcRouteOptions,
  GrpcRouteProps,
  GrpcRouteRule,
  RoutedPort,
  RouteOptions,
  RoutePatch,
  RouteProps,
  RouteRule,
  Targets,
} from "./route/props.ts";
export { GrpcRoute, Route } from "./route/route.ts";
export { type ClusterSetContext, useClusterSet } from "./cluster-set/cluster-set.ts";
export type { ClusterSetService } from "./cluster-set/names.ts";
export type { Dependency, ExternalService, ImportedService, UsedPort, Uses } from "./uses/props.ts";
export type {
  AccessMode,
  ClusterSetImplementation,
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
} from "../clusters/profile.ts";
