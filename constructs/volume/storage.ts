import type { AccessMode, Profile, StorageOffer } from "../../clusters/profile.ts";
import type { Draft } from "../core/draft.ts";
import type { StorageRequest } from "./props.ts";

/** What the cluster has for a request. */
export interface Storage {
  /** Undefined for the cluster's default class. */
  readonly storageClass: string | undefined;
  readonly accessMode: AccessMode;
}

/** The storage that a profile offers for a request; what it does not offer is asked for all the same. */
export function storageFor(profile: Profile, request: StorageRequest): Storage {
  const offer = offerFor(profile, request);
  return {
    storageClass: request.storageClass ?? offer?.storageClass,
    accessMode: request.accessMode ?? offer?.accessModes?.[0] ?? "ReadWriteOnce",
  };
}

/** True for a mode in which the pods of one node at most can mount a volume. */
export function isOfOneNode(accessMode: unknown): boolean {
  return accessMode === "ReadWriteOnce" || accessMode === "ReadWriteOncePod";
}

/** The offers of a profile by intent, all in the long form. */
export function offersOf({ storage = {} }: Profile): ReadonlyMap<string, StorageOffer> {
  return new Map(
    Object.entries(storage).map(([intent, offer]) => [
      intent,
      typeof offer === "string" ? { storageClass: offer } : offer,
    ]),
  );
}

/** Finds what the profile does not offer of a request. */
export function findUnserved(
  draft: Draft,
  fieldPath: string,
  profile: Profile,
  request: StorageRequest,
): void {
  const { class: intent, accessMode } = request;
  const offers = offersOf(profile);
  const offer = offerFor(profile, request);
  if (intent !== undefined && offer === undefined) {
    const has = [...offers.keys()];
    draft.find("storage-unserved", `${fieldPath}class`, {
      message: `the profile has no storage for "${intent}"${has.length > 0 ? "" : ", nor for anything else"}`,
      fix:
        has.length > 0
          ? `Use one of ${has.join(", ")}, or the name of a class as storageClass`
          : "Say what the cluster has with useProfile, or use the name of a class as storageClass",
    });
  }
  const modes = offer?.accessModes;
  if (accessMode === undefined || modes === undefined || modes.includes(accessMode)) return;
  const others = [...offers].filter(([, { accessModes }]) => accessModes?.includes(accessMode));
  draft.find("storage-unserved", `${fieldPath}accessMode`, {
    message: `volumes of the class "${offer?.storageClass ?? ""}" cannot be mounted as ${accessMode}`,
    fix: `Use ${modes.join(" or ")}${others.map(([name]) => `, or the class "${name}"`).join("")}`,
  });
}

function offerFor(
  profile: Profile,
  { class: intent, storageClass }: StorageRequest,
): StorageOffer | undefined {
  const offers = offersOf(profile);
  if (storageClass === undefined) return offers.get(intent ?? "standard");
  return [...offers.values()].find((offer) => offer.storageClass === storageClass);
}
