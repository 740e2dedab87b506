import { randomBytes } from "node:crypto";
import type { Dirent, Stats } from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { KeelsonError, throwIfAborted } from "../../errors.ts";
import type { Blob, BlobOptions, Blobs, WriteOptions } from "./blobs.ts";

/** What a file is called until it is complete; no name of a blob begins so. */
const unfinished = ".tmp-";

/** Blobs as files below a folder. The folder is made when something is written; nobody but its owner may read it. */
export function diskBlobs(folder: string): Blobs {
  const task = (verb: string, name: string, { signal }: BlobOptions = {}): Task => ({
    folder,
    verb,
    name,
    signal,
  });
  return {
    place: folder,
    read: (name, options) => find(task("read", name, options), () => readFile(join(folder, name))),
    write: (name, data, options) =>
      attempt(task("write", name, options), () => write(join(folder, name), data, options)),
    writtenAt: async (name, options) => {
      const found = await find<Stats>(task("read", name, options), () => stat(join(folder, name)));
      return found?.mtime;
    },
    list: (prefix, options) => list(task("list", prefix, options)),
    remove: (name, options) =>
      attempt(task("remove", name, options), () => rm(join(folder, name), { force: true })),
  };
}

/** What is being done, for messages. */
interface Task {
  readonly folder: string;
  readonly verb: string;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

/** A power cut leaves the old file or the new one, and two writers at once the file of one of them. */
async function write(file: string, data: Buffer, { ifAbsent = false }: WriteOptions = {}): Promise<void> {
  const temporary = join(dirname(file), `${unfinished}${randomBytes(8).toString("hex")}`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (ifAbsent) await linkIfAbsent(temporary, file);
    else await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function linkIfAbsent(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

async function list(task: Task): Promise<readonly Blob[]> {
  const { folder, name: prefix } = task;
  const entries = await find<readonly Dirent[]>(task, () =>
    readdir(folder, { recursive: true, withFileTypes: true }),
  );
  const names = (entries ?? [])
    .filter((entry) => entry.isFile() && !entry.name.startsWith(unfinished))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((name) => name.startsWith(prefix))
    .sort();
  const blobs = await Promise.all(
    names.map(async (name) => {
      // Another run may remove it at the same time.
      const found = await find<Stats>(task, () => stat(join(folder, name)));
      return found === undefined ? [] : [{ name, writtenAt: found.mtime }];
    }),
  );
  return blobs.flat();
}

function find<Result>(task: Task, work: () => Promise<Result>): Promise<Result | undefined> {
  return attempt(task, async () => {
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  });
}

async function attempt<Result>(
  { folder, verb, name, signal }: Task,
  work: () => Promise<Result>,
): Promise<Result> {
  throwIfAborted(signal, `${verb} ${name}`);
  try {
    return await work();
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause;
    throw new KeelsonError(
      "KEELSON_STORE_UNAVAILABLE",
      `Cannot ${verb} "${name}" in "${folder}": ${(cause as Error).message}`,
      { cause },
    );
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
