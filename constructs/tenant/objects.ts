import type { PodSecurityLevel } from "../../clusters/profile.ts";
import { egressRules } from "../core/network-rules.ts";
import type {
  LimitRange,
  LimitRangeItem,
  Namespace,
  NetworkPolicy,
  Quantity,
  ResourceQuota,
  RoleBinding,
} from "../kubernetes/types.ts";
import type { ContainerAmounts, Limits, Quota } from "./props.ts";

/** One namespace of a tenant: its name, and the labels that all of its objects carry. */
export interface Place {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The label with the name of the tenant that a namespace belongs to. */
export const tenantLabel = "keelson.dev/tenant";

/** The namespace, which admits pods of a level only. */
export function namespaceOf(
  { namespace, labels }: Place,
  level: PodSecurityLevel,
  own: Readonly<Record<string, string>> = {},
): Namespace {
  const prefix = "pod-security.kubernetes.io";
  const modes = { [`${prefix}/enforce`]: level, [`${prefix}/warn`]: level, [`${prefix}/audit`]: level };
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels: { ...labels, ...own, ...modes } },
  };
}

/** The bounds of everything in the namespace. */
export function quotaOf(place: Place, quota: Quota): ResourceQuota {
  const { cpu, memory, ephemeralStorage, pods, storage, volumes, devices = {} } = quota;
  const hard = {
    ...(pods !== undefined && { pods }),
    ...(cpu !== undefined && { "requests.cpu": String(cpu) }),
    ...(memory !== undefined && { "requests.memory": memory, "limits.memory": memory }),
    ...(ephemeralStorage !== undefined && { "requests.ephemeral-storage": ephemeralStorage }),
    ...(storage !== undefined && { "requests.storage": storage }),
    ...(volumes !== undefined && { persistentvolumeclaims: volumes }),
    ...Object.fromEntries(Object.entries(devices).map(([name, count]) => [`requests.${name}`, count])),
  };
  const texts = Object.entries(hard).map(([name, amount]) => [name, String(amount)]);
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: metadataOf(place, "quota"),
    spec: { hard: Object.fromEntries(texts) as Record<string, Quantity> },
  };
}

/** The bounds of single containers and volumes, and what a container gets that says nothing. */
export function limitRangeOf(place: Place, limits: Limits, standard: ContainerAmounts): LimitRange {
  const { min, max, volume } = limits;
  const { memory } = standard;
  const container: LimitRangeItem = {
    type: "Container",
    ...(memory !== undefined && { default: { memory } }),
    defaultRequest: listOf(standard),
    ...(min && { min: listOf(min) }),
    ...(max && { max: listOf(max) }),
  };
  const claims: LimitRangeItem = {
    type: "PersistentVolumeClaim",
    ...(volume?.min !== undefined && { min: { storage: volume.min } }),
    ...(volume?.max !== undefined && { max: { storage: volume.max } }),
  };
  return {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: metadataOf(place, "limits"),
    spec: { limits: volume === undefined ? [container] : [container, claims] },
  };
}

/** Closes every pod to everyone, and lets it ask for addresses only; policies of applications open what they name. */
export function denialOf(place: Place): NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metadataOf(place, "default-deny"),
    spec: {
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: egressRules([], place.namespace),
    },
  };
}

/** Gives groups one of Kubernetes' own roles in the namespace. */
export function bindingOf(place: Place, role: string, groups: readonly string[]): RoleBinding {
  const apiGroup = "rbac.authorization.k8s.io";
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: "RoleBinding",
    metadata: metadataOf(place, role),
    roleRef: { apiGroup, kind: "ClusterRole", name: role },
    subjects: groups.map((name) => ({ apiGroup, kind: "Group", name })),
  };
}

function metadataOf({ namespace, labels }: Place, name: string): NonNullable<NetworkPolicy["metadata"]> {
  return { name, namespace, labels };
}

function listOf({ cpu, memory, ephemeralStorage }: ContainerAmounts): Readonly<Record<string, Quantity>> {
  return {
    ...(cpu !== undefined && { cpu: String(cpu) }),
    ...(memory !== undefined && { memory }),
    ...(ephemeralStorage !== undefined && { "ephemeral-storage": ephemeralStorage }),
  };
}
