import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What still exists of the machines that a test made with this `KEELSON_STATE`; empty when it cleaned up. */
export async function findLeftovers(state: string): Promise<readonly string[]> {
  const [fleets, mounts, processes] = await Promise.all([
    fleetsIn(state),
    mountsBelow(state),
    processesOf(state),
  ]);
  return [
    ...fleets.map((name) => `fleet "${name}"`),
    ...mounts.map((path) => `mount ${path}`),
    ...processes.map(({ pid, command }) => `process ${pid}: ${command}`),
  ];
}

/** Names of the fleets whose records are still there. */
export async function fleetsIn(state: string): Promise<readonly string[]> {
  try {
    return await readdir(join(state, "machines", "fleets"));
  } catch {
    return [];
  }
}

async function mountsBelow(state: string): Promise<readonly string[]> {
  const table = await readFile("/proc/self/mounts", "utf8").catch(() => "");
  return table
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${state}/`));
}

/** Processes that were given this state folder, which is unique to one test file, in their environment. */
export async function processesOf(state: string): Promise<readonly { pid: number; command: string }[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (name: string): Promise<string> =>
        readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
      const environment = await read("environ");
      if (!environment.split("\0").includes(`KEELSON_STATE=${state}`)) return [];
      return [
        { pid: Number(pid), command: (await read("cmdline")).replaceAll("\0", " ").trim().slice(0, 200) },
      ];
    }),
  );
  return found.flat().filter(({ pid }) => pid !== process.pid);
}
