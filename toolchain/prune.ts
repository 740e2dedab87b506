import { lstat, readdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import { isAlive, readOwner, withLock } from "./lock.ts";

/** Something that was removed from the cache, or would be. */
export interface Pruned {
  /** Below the cache folder. */
  readonly name: string;
  /** In bytes; what it shares with others on the disk counts for each of them. */
  readonly size: number;
}

export interface PruneOptions {
  readonly cache: string;
  /** Names what would go, and removes nothing. @default false */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Removes paths from the cache, while no run prepares anything there: what a run has just found must not vanish.
 *
 * @throws KeelsonError KEELSON_LOCKED, naming the run that is at work
 */
export async function pruneCache(
  paths: readonly string[],
  { cache, dryRun = false, signal }: PruneOptions,
): Promise<readonly Pruned[]> {
  if (dryRun) return await Promise.all(paths.map((path) => describe(path, cache)));
  await refuseWhileLocked(cache);
  const pruned: Pruned[] = [];
  const work = async (): Promise<void> => {
    for (const path of paths) {
      throwIfAborted(signal, `prune "${cache}"`);
      const described = await describe(path, cache);
      await rm(path, { recursive: true, force: true });
      pruned.push(described);
    }
  };
  const lock = join(cache, "locks", "bundles.lock");
  await withLock(lock, "prune the cache", work, signal ? { signal } : {});
  return pruned;
}

async function refuseWhileLocked(cache: string): Promise<void> {
  for (const folder of ["locks", "roots", "packages"]) {
    for (const name of await namesIn(join(cache, folder))) {
      if (!name.endsWith(".lock")) continue;
      const owner = await readOwner(join(cache, folder, name));
      if (owner === undefined || !(await isAlive(owner))) continue;
      const who = `process ${String(owner.pid)} on ${owner.host} works there (${owner.what})`;
      throw new KeelsonError("KEELSON_LOCKED", `Cannot prune "${cache}": ${who} since ${owner.since}`);
    }
  }
}

async function describe(path: string, cache: string): Promise<Pruned> {
  return { name: relative(cache, path), size: await sizeOf(path) };
}

async function sizeOf(path: string): Promise<number> {
  const info = await lstat(path);
  if (!info.isDirectory()) return info.size;
  let size = 0;
  for (const name of await readdir(path)) size += await sizeOf(join(path, name));
  return size;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}
