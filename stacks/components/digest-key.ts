import { hkdfSync } from "node:crypto";
import type { Identity } from "../../clusters/identity.ts";

/**
 * The key of the digests of secret values on a cluster: 64 hex digits, derived from its certificate authority's key, so
 * that it needs no place of its own and stays the same as long as the cluster lives. A secret.
 */
export function digestKeyOf({ clusterId, ca }: Identity): string {
  const key = hkdfSync("sha256", ca.privateKey, clusterId, "keelson digest key", 32);
  return Buffer.from(key).toString("hex");
}
