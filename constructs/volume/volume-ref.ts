import type { AccessMode } from "../../clusters/profile.ts";
import type { VolumeSource } from "./props.ts";

/** A PersistentVolumeClaim that something else makes: an operator, or a person. */
export class VolumeRef implements VolumeSource {
  readonly claimName: string;
  readonly namespace: undefined;
  readonly accessMode: AccessMode | undefined;
  readonly isForeign = true;

  /** `claimName` names a claim of the namespace that the pods run in. */
  constructor(claimName: string, options: VolumeRefOptions = {}) {
    this.claimName = claimName;
    this.accessMode = options.accessMode;
  }
}

export interface VolumeRefOptions {
  /** Who may mount the volume at once. @default - not known */
  readonly accessMode?: AccessMode;
}
