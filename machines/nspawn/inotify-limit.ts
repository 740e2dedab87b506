import { mkdir, rm, writeFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "../../toolchain/lock.ts";
import { namesIn, readOptional, writeWhole } from "./records.ts";

/** Facts about the whole computer, whoever's state they belong to; gone after a boot, as what they describe. */
export const computerFolder = "/run/keelson";

const limitFile = "/proc/sys/fs/inotify/max_user_instances";
const wanted = 1024;
const before = join(computerFolder, "inotify-before");
const users = join(computerFolder, "inotify-users");

/** Raises the limit that all machines share, while any fleet lives. `id` is the fleet's, `folder` proves that it exists. */
export async function raiseInotifyLimit(id: string, folder: string): Promise<void> {
  await withComputer("raise the inotify limit", async () => {
    await writeWhole(join(users, id), folder);
    const current = (await readFile(limitFile, "utf8")).trim();
    if (Number(current) >= wanted) return;
    if ((await readOptional(before)) === undefined) await writeWhole(before, current);
    await writeFile(limitFile, String(wanted));
  });
}

/** Gives the limit back when the last fleet goes, unless someone else changed it since. */
export async function releaseInotifyLimit(id: string): Promise<void> {
  await withComputer("restore the inotify limit", async () => {
    await rm(join(users, id), { force: true });
    for (const user of await namesIn(users)) {
      const folder = await readOptional(join(users, user));
      if (folder !== undefined && (await namesIn(folder)).length > 0) return;
    }
    const value = await readOptional(before);
    if (value !== undefined && Number(await readFile(limitFile, "utf8")) === wanted)
      await writeFile(limitFile, value);
    await rm(users, { recursive: true, force: true });
    await rm(before, { force: true });
  });
}

/** Runs work alone on this computer: subnets and kernel settings belong to nobody's state folder. */
export async function withComputer<T>(what: string, work: () => Promise<T>): Promise<T> {
  await mkdir(computerFolder, { recursive: true, mode: 0o755 });
  return await withLock(join(computerFolder, "computer.lock"), what, work);
}
