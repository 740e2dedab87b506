import type { AccessMode, StorageIntent } from "../../clusters/profile.ts";
import type { Exception } from "../core/finding.ts";
import type { Patch } from "../core/user-patch.ts";
import type { PersistentVolumeClaim } from "../kubernetes/types.ts";
import type { Path } from "../pod/props.ts";

/** An amount of storage. */
export type StorageSize = `${number}${"Mi" | "Gi" | "Ti"}`;

/** Storage that is asked for, by what it is for. */
export type StorageRequest = StorageAmount & StorageChoice;

interface StorageAmount {
  /** `10Gi` for example. It may grow later, where its storage class lets it; it never shrinks. */
  readonly size: StorageSize;
  /** Who may mount the volume at once. @default - the first mode that the class offers by the profile, else "ReadWriteOnce" */
  readonly accessMode?: AccessMode;
}

type StorageChoice =
  | {
      /** What the volume is for. @default - "standard" if the profile has it, else the cluster's default class */
      readonly class?: StorageIntent;
      readonly storageClass?: never;
    }
  | {
      readonly class?: never;
      /** The name of a StorageClass. */
      readonly storageClass: string;
    };

/** A volume that a workload has for itself. */
export type OwnVolume = StorageRequest & {
  /** Where the program finds it. */
  readonly path: Path;
  /** What becomes of the data when the workload is deleted. @default "Retain" */
  readonly whenDeleted?: WhenDeleted;
  readonly volume?: never;
  readonly readOnly?: never;
};

/** A volume that each pod has for itself. `retention` of the service says what becomes of its data. */
export type PodVolume = OwnVolume & { readonly whenDeleted?: never };

/** A volume that stands for itself, which other workloads may mount too. */
export interface MountedVolume {
  /** Where the program finds it. */
  readonly path: Path;
  readonly volume: VolumeSource;
  /** @default false */
  readonly readOnly?: boolean;
  readonly size?: never;
  readonly class?: never;
  readonly storageClass?: never;
  readonly accessMode?: never;
  readonly whenDeleted?: never;
}

/** Whether data outlives what it was made for. */
export type WhenDeleted = "Retain" | "Delete";

/** A claim that pods can mount: a `Volume` of this program, or a `VolumeRef` to one that something else makes. */
export interface VolumeSource {
  /** Names the PersistentVolumeClaim; pods mount those of their own namespace only. */
  readonly claimName: string;
  /** Undefined for the namespace that the manifests are applied to, or if it is not known. */
  readonly namespace: string | undefined;
  /** Who may mount it at once; undefined if it is not known here. */
  readonly accessMode: AccessMode | undefined;
  /** True if something else makes the claim. */
  readonly isForeign: boolean;
}

/** What a volume is made from. Only the size must be said. */
export type VolumeProps = StorageRequest & {
  /** What becomes of the data when the volume is deleted. @default "Retain" */
  readonly whenDeleted?: WhenDeleted;
  /** Pins the name, so that renaming the construct changes nothing. @default - the ids from the chart down, joined by `-` */
  readonly name?: string;
  /** Rules that do not hold here, with the reason. @default - none */
  readonly allow?: readonly Exception[];
  /** Changes the object itself, for what has no property here. @default - none */
  readonly patch?: VolumePatch;
};

/** Changes to the object of a Volume. */
export interface VolumePatch {
  readonly claim?: Patch<PersistentVolumeClaim>;
}
