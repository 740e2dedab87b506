import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import { startTime } from "../../toolchain/processes.ts";
import type { StateFolder } from "./state.ts";

/** Who holds a stack of Pulumi's file backend. */
interface BackendLock {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/**
 * Makes a stack free that a killed run left locked. A lock is removed only if its owner ran on this computer and is
 * certainly dead.
 *
 * @throws KeelsonError KEELSON_LOCKED that names any other owner
 */
export async function removeDeadLocks(state: StateFolder, project: string, stack: string): Promise<void> {
  const folder = join(state.backend, ".pulumi/locks/organization", project, stack);
  for (const name of await filesIn(folder)) {
    const path = join(folder, name);
    const lock = await readLock(path);
    if (lock === undefined) continue;
    if (lock.hostname !== hostname() || (await isPulumi(lock.pid))) throw locked(stack, path, lock);
    await rm(path, { force: true });
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

/** Undefined if the owner has just removed it. */
async function readLock(path: string): Promise<BackendLock | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as BackendLock;
  } catch {
    return undefined;
  }
}

/** A pid alone proves nothing: another program may have it by now. Where that cannot be seen, the pid decides. */
async function isPulumi(pid: number): Promise<boolean> {
  // Nor does a zombie's: the owner is dead, though it is not buried yet.
  if ((await startTime(pid)) === undefined) return false;
  try {
    return (await readFile(`/proc/${String(pid)}/comm`, "utf8")).startsWith("pulumi");
  } catch {
    return process.platform !== "linux";
  }
}

function locked(
  stack: string,
  path: string,
  { pid, username, hostname: host, timestamp }: BackendLock,
): KeelsonError {
  const owner = `process ${String(pid)} of ${username} on ${host} since ${timestamp}`;
  return new KeelsonError("KEELSON_LOCKED", `Cannot change stack "${stack}": it is locked by ${owner}`, {
    fix: `Wait for it to finish. If it is gone for certain, remove "${path}"`,
  });
}
