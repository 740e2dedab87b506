import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256Of } from "./download.ts";

/** A file as it was when it was finished. */
export interface Expected {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
}

interface Seen {
  /** Size, times and inode: what changes when a file is written again. */
  readonly stamp: string;
  readonly sha256: string;
}

/**
 * The files that are missing or are not what they were. A file is read once; afterwards its size, times and inode
 * vouch for it, so that a warm start does not read gigabytes.
 */
export async function findChanged(files: readonly Expected[], cache: string): Promise<readonly string[]> {
  const memo = await readMemo(cache);
  const changed: string[] = [];
  const learned: Record<string, Seen> = {};
  for (const { path, size, sha256 } of files) {
    const stamp = await stampOf(path, size);
    if (stamp === undefined) {
      changed.push(path);
      continue;
    }
    let seen = memo[path];
    if (seen?.stamp !== stamp) {
      seen = { stamp, sha256: await sha256Of(path) };
      learned[path] = seen;
    }
    if (seen.sha256 !== sha256) changed.push(path);
  }
  if (Object.keys(learned).length > 0) await writeMemo(cache, { ...(await readMemo(cache)), ...learned });
  return changed;
}

/** Size and checksum of a file as it is. */
export async function describeFile(path: string): Promise<Expected> {
  return { path, size: (await stat(path)).size, sha256: await sha256Of(path) };
}

/** Size and checksum of a file as it is, from memory if it was read before and has not changed since. */
export async function describeKnown(path: string, cache: string): Promise<Expected> {
  const { size } = await stat(path);
  const known = (await readMemo(cache))[path];
  const stamp = await stampOf(path, size);
  if (known !== undefined && known.stamp === stamp) return { path, size, sha256: known.sha256 };
  const sha256 = await sha256Of(path);
  if (stamp !== undefined) await writeMemo(cache, { ...(await readMemo(cache)), [path]: { stamp, sha256 } });
  return { path, size, sha256 };
}

/** Undefined for a file that is missing or has another size, which needs no reading. */
async function stampOf(path: string, size: number): Promise<string | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile() || found.size !== BigInt(size)) return undefined;
    return [found.size, found.mtimeNs, found.ctimeNs, found.ino].join(":");
  } catch {
    return undefined;
  }
}

/** A lost or broken memo only costs a reading, so it needs no lock. */
async function readMemo(cache: string): Promise<Readonly<Record<string, Seen>>> {
  try {
    return JSON.parse(await readFile(memoPath(cache), "utf8")) as Readonly<Record<string, Seen>>;
  } catch {
    return {};
  }
}

async function writeMemo(cache: string, memo: Readonly<Record<string, Seen>>): Promise<void> {
  const path = memoPath(cache);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}.tmp`;
  await writeFile(draft, JSON.stringify(memo));
  await rename(draft, path);
}

function memoPath(cache: string): string {
  return join(cache, "verified.json");
}
