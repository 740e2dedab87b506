import type { PodSecurityLevel } from "../../clusters/profile.ts";
import type { Exception } from "../core/finding.ts";
import type { Patch } from "../core/user-patch.ts";
import type { LimitRange, Namespace, NetworkPolicy, ResourceQuota } from "../kubernetes/types.ts";
import type { StorageSize } from "../volume/props.ts";

/** What a tenant is made from. Nothing must be said. */
export interface TenantProps extends NamespaceRules {
  /** The namespaces by name, each with the rules in which it differs. @default - one with the tenant's name */
  readonly namespaces?: Readonly<Record<string, NamespaceRules>>;
  /** Groups of people by what they may do in all of the namespaces. @default - nobody but the cluster's administrators */
  readonly groups?: Groups;
  /** Pins the name, so that renaming the construct changes nothing. @default - the ids from the chart down, joined by `-` */
  readonly name?: string;
  /** Rules that do not hold here, with the reason. @default - none */
  readonly allow?: readonly Exception[];
  /** Changes the objects themselves, in every namespace. @default - none */
  readonly patch?: TenantPatch;
}

/** What holds in a namespace. */
export interface NamespaceRules {
  /** What everything in the namespace may ask for together. @default - as much as there is */
  readonly quota?: Quota;
  /** What a container or volume may ask for, and what one gets that says nothing. @default - `small` for containers that say nothing */
  readonly limits?: Limits;
  /** The Pod Security level that is enforced. @default - the one of the profile, else "restricted" */
  readonly podSecurity?: PodSecurityLevel;
  /** More labels of the namespace. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Groups as the cluster's authentication names them, by their role: Kubernetes' own `view`, `edit` and `admin`. */
export interface Groups {
  /** See everything but Secrets, and change nothing. */
  readonly view?: readonly string[];
  /** Change everything but who may do what; Secrets can be read. */
  readonly edit?: readonly string[];
  /** Change everything, and give others these roles. Quotas and limits can be read only. */
  readonly admin?: readonly string[];
}

/** Bounds of a whole namespace. What is left out is not bounded. */
export interface Quota {
  /** Processors that pods may ask for together, or thousandths of one. */
  readonly cpu?: Processors;
  /** Memory that pods may ask for, and be limited to, together. */
  readonly memory?: StorageSize;
  readonly ephemeralStorage?: StorageSize;
  /** Pods that run at once. */
  readonly pods?: number;
  /** The sizes of all volumes together. */
  readonly storage?: StorageSize;
  /** The number of volumes. */
  readonly volumes?: number;
  /** Whole devices by resource name, `{ "nvidia.com/gpu": 4 }` for example. */
  readonly devices?: Readonly<Record<`${string}/${string}`, number>>;
}

/** Bounds of single containers and volumes. */
export interface Limits {
  /** The least that a container may ask for. @default - no bound */
  readonly min?: ContainerAmounts;
  /** The most that a container may ask for or be limited to. With `cpu`, one that names no limit gets this one. @default - no bound */
  readonly max?: ContainerAmounts;
  /** What a container asks for that says nothing; of memory it is the limit too. @default {cpu: "100m", memory: "128Mi"}, and ephemeralStorage: "256Mi" where it is bounded */
  readonly standard?: ContainerAmounts;
  /** The smallest and largest volume. @default - no bound */
  readonly volume?: { readonly min?: StorageSize; readonly max?: StorageSize };
}

export interface ContainerAmounts {
  readonly cpu?: Processors;
  readonly memory?: StorageSize;
  readonly ephemeralStorage?: StorageSize;
}

export type Processors = number | `${number}m`;

/** Patches of the objects of each namespace. */
export interface TenantPatch {
  readonly namespace?: Patch<Namespace>;
  readonly resourceQuota?: Patch<ResourceQuota>;
  readonly limitRange?: Patch<LimitRange>;
  readonly networkPolicy?: Patch<NetworkPolicy>;
}
