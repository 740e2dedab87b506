import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { diskBlobs } from "../../delivery/store/disk-blobs.ts";
import { openReleaseStore } from "../../delivery/store/open-store.ts";
import type { ReleaseStore } from "../../delivery/store/release-store.ts";
import { stateDirectory } from "./state.ts";

const keyFile = "release-key";
const opened = new Map<string, Promise<ReleaseStore>>();

/** Where releases are kept unless the program says it: KEELSON_STORE, or a folder of this computer's state. */
export function storeReference(env: NodeJS.ProcessEnv = process.env): string {
  return env["KEELSON_STORE"] || pathToFileURL(join(stateDirectory(env), "releases")).href;
}

/**
 * Opens a release store with KEELSON_STORE_KEY, or with a key of this computer, which is made at the first call. A store
 * is opened once in a process.
 *
 * @throws what `openReleaseStore` throws
 */
export function openReleases(
  reference: string = storeReference(),
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReleaseStore> {
  const known = opened.get(reference);
  if (known !== undefined) return known;
  const store = storeKey().then((key) => openReleaseStore({ reference, key }, options));
  opened.set(reference, store);
  // A failure is not remembered: the cause may be mended before the next call.
  store.catch(() => opened.delete(reference));
  return store;
}

/** The record of a release store that says how to reach a cluster. */
export function accessRecord(clusterId: string): string {
  return `clusters/${createHash("sha256").update(clusterId).digest("hex").slice(0, 32)}`;
}

/** What is in such a record. A secret. */
export interface ClusterAccess {
  readonly name: string;
  readonly kubeconfig: string;
}

async function storeKey(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  if (env["KEELSON_STORE_KEY"]) return env["KEELSON_STORE_KEY"];
  const blobs = diskBlobs(stateDirectory(env));
  const known = await blobs.read(keyFile);
  if (known !== undefined) return known.toString();
  await blobs.write(keyFile, Buffer.from(randomBytes(32).toString("hex")), { ifAbsent: true });
  return String(await blobs.read(keyFile));
}
