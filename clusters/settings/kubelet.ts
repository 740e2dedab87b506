import type { Problem } from "../../errors.ts";
import { flag, invalid, list, number, object, record, text } from "../data/shape.ts";
import type { Shape } from "../data/shape.ts";

const numbers = [
  "containerLogMaxFiles",
  "containerLogMaxWorkers",
  "eventBurst",
  "eventRecordQPS",
  "evictionMaxPodGracePeriod",
  "imageGCHighThresholdPercent",
  "imageGCLowThresholdPercent",
  "kubeAPIBurst",
  "kubeAPIQPS",
  "maxOpenFiles",
  "maxParallelImagePulls",
  "maxPods",
  "nodeLeaseDurationSeconds",
  "nodeStatusMaxImages",
  "podPidsLimit",
  "podsPerCore",
  "registryBurst",
  "registryPullQPS",
] as const;

const texts = [
  "configMapAndSecretChangeDetectionStrategy",
  "containerLogMaxSize",
  "cpuManagerPolicy",
  "imagePullCredentialsVerificationPolicy",
  "kubeReservedCgroup",
  "memoryManagerPolicy",
  "providerID",
  "reservedSystemCPUs",
  "systemReservedCgroup",
  "tlsMinVersion",
  "topologyManagerPolicy",
  "topologyManagerScope",
] as const;

const durations = [
  "containerLogMonitorInterval",
  "cpuCFSQuotaPeriod",
  "cpuManagerReconcilePeriod",
  "evictionPressureTransitionPeriod",
  "imageMaximumGCAge",
  "imageMinimumGCAge",
  "nodeStatusReportFrequency",
  "nodeStatusUpdateFrequency",
  "runtimeRequestTimeout",
  "shutdownGracePeriod",
  "shutdownGracePeriodCriticalPods",
  "streamingConnectionIdleTimeout",
  "syncFrequency",
  "volumeStatsAggPeriod",
] as const;

const flags = [
  "cpuCFSQuota",
  "enableContentionProfiling",
  "enableDebuggingHandlers",
  "enableProfilingHandler",
  "enableSystemLogHandler",
  "enableSystemLogQuery",
  "localStorageCapacityIsolation",
  "mergeDefaultEvictionSettings",
  "protectKernelDefaults",
  "seccompDefault",
  "serializeImagePulls",
  "singleProcessOOMKill",
] as const;

const textLists = [
  "allowedUnsafeSysctls",
  "enforceNodeAllocatable",
  "preloadedImagesVerificationAllowlist",
  "tlsCipherSuites",
] as const;

const textRecords = [
  "cpuManagerPolicyOptions",
  "evictionHard",
  "evictionMinimumReclaim",
  "evictionSoft",
  "evictionSoftGracePeriod",
  "kubeReserved",
  "qosReserved",
  "systemReserved",
  "topologyManagerPolicyOptions",
] as const;

const structures = [
  "crashLoopBackOff",
  "logging",
  "memorySwap",
  "reservedMemory",
  "shutdownGracePeriodByPodPriority",
  "tracing",
  "userNamespaces",
] as const;

type Fields<Names extends readonly string[], Value> = Readonly<Partial<Record<Names[number], Value>>>;

/**
 * What differs from a usual kubelet: fields of `KubeletConfiguration` (kubelet.config.k8s.io/v1beta1) with Kubernetes' own
 * names, but for those on which a node of keelson's stands. Plain data.
 */
export type KubeletSettings = Fields<typeof numbers, number> &
  Fields<typeof texts, string> &
  /** `5m0s` for example. */
  Fields<typeof durations, string> &
  Fields<typeof flags, boolean> &
  Fields<typeof textLists, readonly string[]> &
  /** Quantities, shares and thresholds, by what they are of: `{ cpu: "200m" }` for example. */
  Fields<typeof textRecords, Readonly<Record<string, string>>> &
  Fields<readonly ["featureGates"], Readonly<Record<string, boolean>>> &
  /** As Kubernetes has them; the kubelet itself checks them. */
  Fields<typeof structures, object>;

/** Fields of the kubelet's that the cluster, or the host, decides on. */
const owned: Readonly<Record<string, string>> = {
  address: "see nodeAddress",
  authentication: "",
  authorization: "",
  cgroupDriver: "",
  clusterDNS: "see network",
  clusterDomain: "see network.dnsDomain",
  containerRuntimeEndpoint: "",
  failCgroupV1: "",
  failSwapOn: "",
  podCIDR: "see network.podCidr",
  port: "",
  readOnlyPort: "",
  registerWithTaints: "see taints",
  resolvConf: "",
  rotateCertificates: "",
  serverTLSBootstrap: "",
  staticPodPath: "",
};

const anything: Shape<object> = {
  schema: { type: ["object", "array"] },
  problems: (value, where) =>
    typeof value === "object" && value !== null ? [] : [invalid(where, "is neither an object nor a list")],
};

const anyText = text(/^/, "text");

const shape = object(
  {},
  {
    ...each(numbers, number({ min: -1 })),
    ...each(texts, anyText),
    ...each(durations, text(/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/, "a duration such as 5m0s")),
    ...each(flags, flag),
    ...each(textLists, list(anyText)),
    ...each(textRecords, record(anyText, anyText)),
    ...each(["featureGates"], record(anyText, flag)),
    ...each(structures, anything),
  },
);

/** What is wrong with a kubelet's settings. Pure. */
export function kubeletProblems(settings: KubeletSettings = {}, where = "kubelet"): readonly Problem[] {
  const ours = Object.keys(settings).filter((key) => Object.hasOwn(owned, key));
  const rest = Object.fromEntries(Object.entries(settings).filter(([key]) => !ours.includes(key)));
  return [
    ...ours.map((key) => {
      const see = owned[key] ?? "";
      return invalid(`${where}.${key}`, `keelson sets this field itself${see === "" ? "" : `: ${see}`}`);
    }),
    ...shape.problems(rest, where),
  ];
}

function each<T>(names: readonly string[], of: Shape<T>): Record<string, Shape<T>> {
  return Object.fromEntries(names.map((name) => [name, of]));
}
