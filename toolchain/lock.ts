import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import { bootId, startTime } from "./processes.ts";

/** Who holds a lock. */
export interface LockOwner {
  readonly id: string;
  readonly pid: number;
  /** When the process started, in the words of its system; tells a process from a later one of the same pid. */
  readonly started: string;
  readonly boot: string;
  readonly host: string;
  /** What the owner does, `build etcd` for example. */
  readonly what: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface LockOptions {
  readonly signal?: AbortSignal;
  /** Called with a sentence about the owner, once for each owner that is waited for. */
  readonly onWait?: (message: string) => void;
}

const pollMilliseconds = 150;

/**
 * Runs work while this process alone holds the lock file; waits for a living owner and takes over from a dead one.
 * The file is its owner's record: a kill -9 frees it at once, and a busy event loop never loses it.
 * Throws KEELSON_ABORTED when the signal is aborted during the wait.
 */
export async function withLock<T>(
  path: string,
  what: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const mine = await newOwner(what);
  await mkdir(dirname(path), { recursive: true });
  await acquire(path, mine, options);
  try {
    await removeDeadDrafts(path);
    return await work();
  } finally {
    const owner = await readOwner(path);
    if (owner?.id === mine.id) await unlink(path);
  }
}

/** The owner of a lock as its file tells; undefined when nobody holds it. */
export async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as LockOwner;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new KeelsonError("KEELSON_LOCKED", `Cannot read lock "${path}": it is not the record of an owner`, {
      fix: `Remove "${path}" if no keelson command runs`,
      cause: error,
    });
  }
}

/** False only when the owner is certainly gone; an owner on another host counts as alive. */
export async function isAlive(owner: LockOwner): Promise<boolean> {
  if (owner.host !== hostname()) return true;
  if (owner.boot !== (await bootId())) return false;
  return (await startTime(owner.pid)) === owner.started;
}

async function newOwner(what: string): Promise<LockOwner> {
  return {
    id: randomUUID(),
    pid: process.pid,
    started: (await startTime(process.pid)) ?? "",
    boot: await bootId(),
    host: hostname(),
    what,
    since: new Date().toISOString(),
  };
}

async function acquire(path: string, mine: LockOwner, { signal, onWait }: LockOptions): Promise<void> {
  let waitsFor = "";
  while (!(await create(path, mine))) {
    throwIfAborted(signal, `lock "${path}"`);
    const owner = await readOwner(path);
    if (owner === undefined) continue;
    if (!(await isAlive(owner))) {
      await breakLock(path, owner, mine);
      continue;
    }
    if (owner.id !== waitsFor) {
      waitsFor = owner.id;
      onWait?.(`Waiting for process ${owner.pid} on ${owner.host}: ${owner.what}, since ${owner.since}`);
    }
    await delay(pollMilliseconds, undefined, { signal }).catch(() => undefined);
  }
}

/** A link appears at once with its whole content, so nobody reads half a record. */
async function create(path: string, owner: LockOwner): Promise<boolean> {
  const draft = `${path}.${owner.id}`;
  await writeFile(draft, JSON.stringify(owner), { mode: 0o644 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** A process that was killed between its draft and its link leaves the draft. */
async function removeDeadDrafts(path: string): Promise<void> {
  const names = await readdir(dirname(path));
  for (const name of names.filter((each) => each.startsWith(`${basename(path)}.`))) {
    const draft = join(dirname(path), name);
    // One that cannot be read is being written.
    const owner = await readOwner(draft).catch(() => undefined);
    if (owner !== undefined && name.endsWith(owner.id) && !(await isAlive(owner)))
      await rm(draft, { force: true });
  }
}

/**
 * Two waiters that both saw a dead owner must not remove each other's new lock. Whoever creates the marker named
 * after the dead owner may remove that owner's file; the marker of a breaker that died is followed by the next one.
 */
async function breakLock(path: string, dead: LockOwner, mine: LockOwner): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const marker = `${path}.break.${dead.id}.${attempt}`;
    if (await create(marker, mine)) break;
    const breaker = await readOwner(marker);
    if (breaker === undefined || (await isAlive(breaker))) return;
  }
  if ((await readOwner(path))?.id === dead.id) await unlink(path);
  const prefix = `${basename(path)}.break.${dead.id}.`;
  const markers = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix));
  for (const name of markers) await rm(join(dirname(path), name), { force: true });
}
