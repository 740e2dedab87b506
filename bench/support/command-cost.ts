import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { basename } from "node:path";

/** What a command took, with everything that it started. */
export interface CommandCost {
  readonly exitCode: number;
  readonly seconds: number;
  /** Of a processor. */
  readonly processorSeconds: number;
  /** The same by the name of the program or of Node's script, the busiest first. */
  readonly byProgram: readonly (readonly [name: string, processorSeconds: number])[];
  /** The most that all its processes had in memory together, in bytes; pages that they share count for each. */
  readonly peakBytes: number;
}

export interface CostlyCommand {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Path of the file that its output goes to. */
  readonly output: string;
}

/** Kernels count processor time in hundredths of a second for everybody. */
const ticks = 100;
const sampleMs = 250;

/** Runs a script with this Node, and looks at its processes several times a second. */
export async function costOf({ args, cwd, env, output }: CostlyCommand): Promise<CommandCost> {
  const file = await open(output, "w");
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    stdio: ["ignore", file.fd, file.fd],
    env: { ...process.env, ...env },
  });
  const used = new Map<number, { readonly name: string; readonly seconds: number }>();
  let peakBytes = 0;
  const sampler = setInterval(() => {
    const now = processesBelow(child.pid ?? 0);
    for (const { pid, processorTicks } of now) {
      const { name = "" } = used.get(pid) ?? {};
      // Launchers are shells until they become what they launch.
      const isKnown = name !== "" && name !== "sh";
      used.set(pid, { name: isKnown ? name : programOf(pid), seconds: processorTicks / ticks });
    }
    peakBytes = Math.max(
      peakBytes,
      now.reduce((sum, { bytes }) => sum + bytes, 0),
    );
  }, sampleMs);
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? 1);
    });
  });
  clearInterval(sampler);
  await file.close();
  const seconds = (performance.now() - began) / 1000;
  const sum = (all: readonly { readonly seconds: number }[]): number =>
    all.reduce((total, each) => total + each.seconds, 0);
  const byProgram = [...Map.groupBy(used.values(), ({ name }) => name)]
    .map(([name, all]) => [name, sum(all)] as const)
    .sort(([, left], [, right]) => right - left);
  return { exitCode, seconds, processorSeconds: sum([...used.values()]), byProgram, peakBytes };
}

/** The end of what a command has said. */
export async function lastWords(output: string, lines = 40): Promise<string> {
  return (await readFile(output, "utf8")).trimEnd().split("\n").slice(-lines).join("\n");
}

/** `pulumi`, or `provider.mjs` for what Node runs. */
function programOf(pid: number): string {
  try {
    const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const name = basename(program);
    return name === "node" ? basename(args.find((argument) => !argument.startsWith("-")) ?? name) : name;
  } catch {
    return "";
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly processorTicks: number;
  readonly bytes: number;
}

function processesBelow(root: number): readonly Process[] {
  const children = Map.groupBy(
    readdirSync("/proc").flatMap((name) => (/^\d+$/u.test(name) ? readProcess(Number(name)) : [])),
    ({ pid, parent }) => (pid === root ? root : parent),
  );
  const below = (at: number): readonly Process[] =>
    (children.get(at) ?? []).flatMap((each) => (each.pid === root ? [each] : [each, ...below(each.pid)]));
  return below(root);
}

/** Fields by proc(5), counted from the one after the name: parent 1, user and system time 11 and 12, resident pages 21. */
function readProcess(pid: number): readonly Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [parent = 0, user = 0, system = 0, pages = 0] = [1, 11, 12, 21].map((index) => fields[index]);
    return [{ pid, parent, processorTicks: user + system, bytes: pages * 4096 }];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
