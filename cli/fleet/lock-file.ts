import { readFile, rename, writeFile } from "node:fs/promises";
import { emptyLock, type FleetLock, parseLock, serializeLock } from "../../clusters/lock/lock.ts";

/**
 * The lock of a file; an empty one if there is no file.
 *
 * @throws KEELSON_INVALID_INPUT, ProblemsError if it is no lock
 */
export async function readLockFile(path: string): Promise<FleetLock> {
  const content = await readFile(path, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  return content === undefined ? emptyLock : parseLock(content);
}

/** Writes a lock's file at once or not at all. An equal one is left as it is, so that nobody sees a change where none is. */
export async function writeLockFile(path: string, lock: FleetLock): Promise<void> {
  const text = serializeLock(lock);
  if ((await readFile(path, "utf8").catch(() => "")) === text) return;
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}
