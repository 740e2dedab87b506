import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { namespace } from "../test/support/objects.ts";
import { type RealApiServer, startRealApiServer } from "../test/support/real-api-server.ts";
import { TcpSwitch } from "../test/support/tcp-switch.ts";
import type { BenchSettings } from "./fleet-program/index.ts";

/**
 * `npm run bench:fleet`: releases to many clusters with the real engine and the engine of sets. Each cluster is a namespace of
 * its own behind an endpoint of its own, on real API servers without nodes; the tables say how many there were.
 */
const { values } = parseArgs({
  options: { servers: { type: "string", default: "3" }, members: { type: "string", default: "100" } },
});
const [serverCount, memberCount] = [Number(values.servers), Number(values.members)];
const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "keelson-bench-fleet-"));
const servers: RealApiServer[] = [];
const ways: TcpSwitch[] = [];

try {
  for (let index = 0; index < serverCount; index += 1) servers.push(await startRealApiServer());
  const members = await makeMembers();
  await pulumi("stack", "init", "bench");
  const first = { members, version: "1", configMaps: 1 };
  const few = [
    await row("first release of 3 objects, one pulumi up", first, up),
    await row("another release of 3 objects", { ...first, version: "2" }, up),
    await row("the same again", { ...first, version: "2" }, up),
  ];
  ways.at(-1)?.off();
  few.push(await row("another release, one cluster dead", { ...first, version: "3" }, up));
  ways.at(-1)?.on();
  const lock = join(folder, "fleet.lock.json");
  const waved = { ...first, version: "4", lock };
  await row("take over", { ...waved, version: "3" }, () => fleet("up", lock));
  few.push(await row("another release in 3 waves, keelson fleet up", waved, () => fleet("up", lock)));
  const many = { members, version: "5", configMaps: 48 };
  await row("50 objects", many, up);
  few.push(await row("50 objects, the same again", many, up));
  table(["what", "seconds", "memory at its peak, MiB", "state, bytes for each cluster"], few);
  await pulumi("destroy", "--yes", "--skip-preview");
} finally {
  for (const way of ways) way.close();
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true, force: true });
  await rm(join(root, "bench/fleet-program/Pulumi.bench.yaml"), { force: true });
}

async function makeMembers(): Promise<BenchSettings["members"]> {
  const members: { name: string; namespace: string; kubeconfig: string }[] = [];
  for (let index = 0; index < memberCount; index += 1) {
    const server = servers[index % servers.length];
    if (server === undefined) continue;
    const name = `member-${index}`;
    await server.client.request({ method: "POST", path: "/api/v1/namespaces", body: namespace(name) });
    const way = await TcpSwitch.to(Number(/127\.0\.0\.1:(\d+)/u.exec(server.kubeconfig)?.[1]));
    ways.push(way);
    const kubeconfig = server.kubeconfig.replace(/127\.0\.0\.1:\d+/u, `127.0.0.1:${way.port}`);
    members.push({ name, namespace: name, kubeconfig });
  }
  return members;
}

async function row(
  what: string,
  settings: BenchSettings,
  work: () => Promise<number>,
): Promise<readonly string[]> {
  await writeFile(join(folder, "settings.json"), JSON.stringify(settings), { mode: 0o600 });
  const start = performance.now();
  const peak = await work();
  const seconds = (performance.now() - start) / 1000;
  const stack = JSON.parse(await output("stack", "export")) as {
    deployment: { resources: { type: string }[] };
  };
  const sets = stack.deployment.resources.filter(({ type }) => type.endsWith(":AppliedSet"));
  const bytes = Math.round(JSON.stringify(sets).length / Math.max(sets.length, 1));
  process.stderr.write(`${what}: ${seconds.toFixed(1)} s\n`);
  return [what, seconds.toFixed(1), String(Math.round(peak / 1024 ** 2)), String(bytes)];
}

function up(): Promise<number> {
  return pulumi("up", "--yes", "--skip-preview");
}

function pulumi(...args: readonly string[]): Promise<number> {
  const place = ["-C", "bench/fleet-program", "--non-interactive", "--stack", "bench"];
  return run(["scripts/pulumi.ts", ...args, ...place]);
}

function fleet(word: string, lock: string): Promise<number> {
  return run(["cli/main.ts", "fleet", word, "-C", "bench/fleet-program", "--stack", "bench", "--lock", lock]);
}

/** Runs a command, and gives the most memory that all its processes had together, in bytes. */
async function run(args: readonly string[]): Promise<number> {
  const child = start(args, join(folder, "log"));
  let peak = 0;
  const sampler = setInterval(() => (peak = Math.max(peak, memoryBelow(child.pid ?? 0))), 200);
  const code = await new Promise((resolve) => child.once("close", resolve));
  clearInterval(sampler);
  if (code !== 0 && code !== 4) throw new Error(await readFile(join(folder, "log"), "utf8"));
  return peak;
}

async function output(...args: readonly string[]): Promise<string> {
  const path = join(folder, "output");
  const place = ["-C", "bench/fleet-program", "--non-interactive", "--stack", "bench"];
  const child = start(["scripts/pulumi.ts", ...args, ...place], path);
  await new Promise((resolve) => child.once("close", resolve));
  return readFile(path, "utf8");
}

function start(args: readonly string[], log: string): ChildProcess {
  // A shell, so that what is written goes to a file and costs this process nothing.
  return spawn(
    "sh",
    ["-c", 'log=$1; shift; exec "$@" >"$log" 2>"$log.err"', "sh", log, process.execPath, ...args],
    {
      cwd: root,
      stdio: "ignore",
      env: {
        ...process.env,
        BENCH_SETTINGS: join(folder, "settings.json"),
        KEELSON_STATE: join(folder, "state"),
        KEELSON_STORE: pathToFileURL(join(folder, "releases")).href,
      },
    },
  );
}

function memoryBelow(pid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/u.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBelow = (each: number): boolean =>
    each === pid || (parents.has(each) && each > 1 && isBelow(parents.get(each) ?? 0));
  return [...parents.keys()].filter(isBelow).reduce((sum, each) => sum + residentOf(each), 0);
}

function residentOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  process.stdout.write(
    `${cpus()[0]?.model ?? "unknown processor"}; ${memberCount} clusters on ${serverCount} real API servers\n\n`,
  );
  for (const cells of [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...rows]) {
    process.stdout.write(`| ${cells.join(" | ")} |\n`);
  }
}
