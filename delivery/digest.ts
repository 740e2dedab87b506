import { createHash } from "node:crypto";
import { byText, stableJson } from "../clusters/data/stable-json.ts";
import type { KubeObject } from "../kube/object.ts";

/** The annotation by which an object says what was applied to it. */
export const digestAnnotation = "keelson.dev/digest";

/** What an object was rendered as, in 32 hexadecimal digits; the order of its keys does not matter. */
export function objectDigest(object: KubeObject): string {
  return hash(stableJson(object));
}

/** What a release is: the digests of its objects, in whatever order. */
export function releaseDigest(objectDigests: readonly string[]): string {
  return hash([...objectDigests].sort(byText).join("\n"));
}

/** The digest of what was applied to a live object; empty if it carries none. */
export function appliedDigest({ metadata }: KubeObject): string {
  return metadata.annotations?.[digestAnnotation] ?? "";
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
