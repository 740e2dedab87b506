import { mkdir, readFile, readdir, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import { sendSignal } from "./processes.ts";
import { namesIn, readOptional } from "./records.ts";
import { retryUntil } from "./retry.ts";

/**
 * The cgroup folders that one machine gets: a child in every hierarchy, below the caller's own cgroup, so that
 * limits of the caller hold for the machine too. With cgroup v2 alone it is a child of the mounted root, since a
 * cgroup that holds processes cannot hand controllers down.
 */
export function cgroupFolders(selfCgroup: string, mountinfo: string, id: string): readonly string[] {
  const mounts = cgroupMounts(mountinfo);
  const lines = selfCgroup.trim().split("\n");
  const isUnified = lines.every((line) => line.startsWith("0::"));
  return lines.flatMap((line) => {
    const [, controllers = "", ...rest] = line.split(":");
    const mount = mounts.find(({ options }) =>
      controllers.split(",").every((name) => options.includes(name)),
    );
    if (mount === undefined) return [];
    return [join(mount.point, isUnified ? "" : below(mount.root, rest.join(":")), id)];
  });
}

/** Cgroup folders for a new machine of this process. */
export async function planCgroups(id: string): Promise<readonly string[]> {
  return cgroupFolders(
    await readFile("/proc/self/cgroup", "utf8"),
    await readFile("/proc/self/mountinfo", "utf8"),
    id,
  );
}

export async function createCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    if (folders.length === 1) await handDownControllers(dirname(folder));
    await mkdir(folder, { recursive: true });
    // A v1 cpuset is empty until it is filled, and takes no process before.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const inherited = folders.length > 1 ? await readOptional(join(dirname(folder), file)) : undefined;
      if (inherited !== undefined) await writeFile(join(folder, file), inherited);
    }
  }
}

/** Every process in the folders and below. */
export async function processesIn(folders: readonly string[]): Promise<readonly number[]> {
  const found = new Set<number>();
  for (const folder of await withChildren(folders)) {
    // A folder may vanish, and a threaded v2 cgroup refuses to be read.
    const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
    for (const line of text.split("\n")) if (line !== "" && line !== "0") found.add(Number(line));
  }
  return [...found];
}

/** The first process of the guest, seen from this computer; undefined if none runs. */
export async function guestInit(folders: readonly string[]): Promise<number | undefined> {
  for (const pid of await processesIn(folders)) {
    const status = await readFile(`/proc/${String(pid)}/status`, "utf8").catch(() => "");
    // Exactly two numbers: the guest's own namespace. A pod inside of it has three.
    if (/^NSpid:\t\d+\t1$/m.test(status)) return pid;
  }
  return undefined;
}

/**
 * Kills everything in the folders and removes them.
 *
 * Throws KEELSON_TIMEOUT if a process does not end within 30 s
 */
export async function removeCgroups(folders: readonly string[]): Promise<void> {
  const gone = await retryUntil(30_000, async () => {
    const living = await processesIn(folders);
    for (const pid of living) sendSignal(pid, "SIGKILL");
    if (living.length > 0) return undefined;
    for (const folder of (await withChildren(folders)).reverse()) await rmdir(folder).catch(() => undefined);
    return (await withChildren(folders)).length === 0 ? true : undefined;
  });
  if (gone === true) return;
  const living = await processesIn(folders);
  throw new KeelsonError(
    "KEELSON_TIMEOUT",
    `Cannot end the machine "${basename(folders[0] ?? "")}": processes ${living.join(", ")} are still there after 30 s`,
  );
}

interface CgroupMount {
  readonly root: string;
  readonly point: string;
  /** Controllers and names of a v1 hierarchy; an empty name alone for v2. */
  readonly options: readonly string[];
}

function cgroupMounts(mountinfo: string): readonly CgroupMount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [left = "", right = ""] = line.split(" - ");
    const [, , , root, point] = left.split(" ");
    const [type, , options = ""] = right.split(" ");
    if (root === undefined || point === undefined || !(type === "cgroup" || type === "cgroup2")) return [];
    return [{ root, point, options: type === "cgroup2" ? [""] : options.split(",") }];
  });
}

function below(root: string, path: string): string {
  return root !== "/" && (path === root || path.startsWith(`${root}/`)) ? path.slice(root.length) : path;
}

async function handDownControllers(folder: string): Promise<void> {
  const available = (await readOptional(join(folder, "cgroup.controllers"))) ?? "";
  for (const controller of available.trim().split(" ").filter(Boolean)) {
    // One that is refused is reported by the kubelet's own preflight, where it matters.
    await writeFile(join(folder, "cgroup.subtree_control"), `+${controller}`).catch(() => undefined);
  }
}

async function withChildren(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    if (!(await namesIn(dirname(folder))).includes(basename(folder))) continue;
    found.push(folder);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    found.push(
      ...(await withChildren(entries.filter((e) => e.isDirectory()).map((e) => join(folder, e.name)))),
    );
  }
  return found;
}
