import type { Volume, VolumeMount } from "../kubernetes/types.ts";
import type { Profile } from "../../clusters/profile.ts";
import type { PodProps } from "../pod/props.ts";
import { claimName, isOwn } from "./claim.ts";
import { isOfOneNode, storageFor } from "./storage.ts";

/** Where the program of a pod finds its volumes. */
export function mountsOf({ volumes = {} }: PodProps): readonly VolumeMount[] {
  return Object.entries(volumes).map(([name, volume]) => ({
    name,
    mountPath: volume.path,
    ...(volume.readOnly !== undefined && { readOnly: volume.readOnly }),
  }));
}

/** True if a pod mounts a volume that the pods of another node cannot mount at the same time. */
export function isTiedToNode({ volumes = {} }: PodProps, profile: Profile): boolean {
  return Object.values(volumes).some((volume) =>
    isOfOneNode(isOwn(volume) ? storageFor(profile, volume).accessMode : volume.volume.accessMode),
  );
}

/** The claims that a pod mounts, but for those that its StatefulSet makes. */
export function claimVolumesOf(
  owner: string,
  { volumes = {} }: PodProps,
  isStateful: boolean,
): readonly Volume[] {
  return Object.entries(volumes).flatMap(([name, volume]) => {
    if (isOwn(volume)) {
      const own = { name, persistentVolumeClaim: { claimName: claimName(owner, name) } };
      return isStateful ? [] : [own];
    }
    const { volume: source, readOnly } = volume;
    const claim = { claimName: source.claimName, ...(readOnly !== undefined && { readOnly }) };
    return [{ name, persistentVolumeClaim: claim }];
  });
}
