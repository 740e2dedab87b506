import { readdirSync, readFileSync } from "node:fs";

/**
 * Ends a process and everything below it with SIGKILL, as nothing can prevent. What a process started to outlive it, and
 * whose command line holds one of the texts, lives on with all that is below it.
 *
 * @returns how many processes were ended
 */
export function killTree(pid: number, spared: readonly string[] = []): number {
  // What is stopped starts nothing new while the rest is looked for.
  const stopped = new Set<number>();
  for (let found = tree(pid, spared); found.some((each) => !stopped.has(each)); found = tree(pid, spared)) {
    for (const each of found) signal(each, "SIGSTOP");
    for (const each of found) stopped.add(each);
  }
  for (const each of stopped) signal(each, "SIGKILL");
  return stopped.size;
}

function tree(pid: number, spared: readonly string[]): number[] {
  const children = Map.groupBy(processes(), ({ parent }) => parent);
  const below = (at: number): number[] =>
    (children.get(at) ?? [])
      .filter((child) => !spared.some((text) => child.command.includes(text)))
      .flatMap((child) => [child.pid, ...below(child.pid)]);
  return [pid, ...below(pid)];
}

function processes(): { pid: number; parent: number; command: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [, parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return [{ pid: Number(name), parent: Number(parent), command }];
    } catch {
      return [];
    }
  });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
