import type { Profile } from "../../clusters/profile.ts";
import type { PersistentVolumeClaim } from "../kubernetes/types.ts";
import type { OwnVolume, StorageRequest, WhenDeleted } from "./props.ts";
import { storageFor } from "./storage.ts";

/** A PersistentVolumeClaim for a request. */
export function claimOf(
  metadata: NonNullable<PersistentVolumeClaim["metadata"]>,
  request: StorageRequest,
  profile: Profile,
): PersistentVolumeClaim {
  const { storageClass, accessMode } = storageFor(profile, request);
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata,
    spec: {
      accessModes: [accessMode],
      resources: { requests: { storage: request.size } },
      ...(storageClass !== undefined && { storageClassName: storageClass }),
    },
  };
}

/**
 * What makes deployment tools leave an object alone when it is no longer wanted: Helm's annotation, which Argo CD and
 * stacks of keelson take as well.
 */
export function retention(
  whenDeleted: WhenDeleted | undefined,
): { readonly annotations: Readonly<Record<string, string>> } | undefined {
  return whenDeleted === "Delete" ? undefined : { annotations: { "helm.sh/resource-policy": "keep" } };
}

/** The name of the claim for a volume that a workload has for itself. */
export function claimName(owner: string, volume: string): string {
  return `${owner}-${volume}`;
}

/** True for a volume that is made for its workload. */
export function isOwn(volume: object): volume is OwnVolume {
  return !("volume" in volume) || volume.volume === undefined;
}
