import type { Profile } from "../../clusters/profile.ts";
import type { Draft } from "../core/draft.ts";
import type { Exception } from "../core/finding.ts";
import type { PodProps } from "../pod/props.ts";
import { isOwn } from "./claim.ts";
import { findUnserved } from "./storage.ts";

/** Where pods run, as far as their volumes depend on it. */
interface Place {
  readonly profile: Profile;
  readonly namespace: string | undefined;
}

/** Finds volumes that the cluster has no storage for, and claims of other namespaces. */
export function findBadVolumes(
  draft: Draft,
  { volumes = {} }: PodProps,
  { profile, namespace }: Place,
): void {
  for (const [name, volume] of Object.entries(volumes)) {
    if (isOwn(volume)) {
      findUnserved(draft, `volumes.${name}.`, profile, volume);
      continue;
    }
    const { claimName, namespace: other } = volume.volume;
    if (other === undefined || other === namespace) continue;
    draft.find("invalid-value", `volumes.${name}.volume`, {
      message: `the claim "${claimName}" is in the namespace "${other}", and pods mount those of their own only`,
      fix: "Make the volume in a chart of the same namespace",
    });
  }
}

/** The excuse of pods that mount a claim which nothing in the app makes, as they are meant to. */
export function foreignClaims({ volumes = {} }: PodProps): readonly Exception[] {
  const isForeign = Object.values(volumes).some((volume) => !isOwn(volume) && volume.volume.isForeign);
  return isForeign
    ? [{ code: "claim-missing", reason: "a VolumeRef says that something else makes the claim" }]
    : [];
}
