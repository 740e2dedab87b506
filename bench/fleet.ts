import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { emptyLock, serializeLock } from "../clusters/index.ts";
import type { BenchSettings } from "./fleet-program/index.ts";
import { buildIfChanged } from "../stacks/provider/build.ts";
import { type CommandCost, costOf, lastWords } from "./support/command-cost.ts";
import { Members } from "./support/members.ts";
import { print } from "./support/rivals.ts";

/**
 * `npm run bench:fleet`: releases to many clusters with the real Pulumi engine, by the engine of sets and by that of objects.
 * Each cluster is a namespace of its own behind an endpoint of its own, on real API servers without nodes.
 */
const { values } = parseArgs({
  options: {
    servers: { type: "string", default: "20" },
    members: { type: "string", default: "100" },
    // How many clusters the engine of objects is to serve, too.
    objects: { type: "string", default: "20" },
    // Round trips to the members, in milliseconds; members take turns.
    latency: { type: "string", default: "5,50" },
  },
});
const serverCount = Number(values.servers);
const root = join(import.meta.dirname, "..");
const folder = await mkdtemp(join(tmpdir(), "keelson-bench-fleet-"));
const lock = join(folder, "fleet.lock.json");
const members = new Members();
const rows: string[][] = [];
const settingsFiles: string[] = [];

// What runs then gets it, too, and its end is the end of all.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);

try {
  spawnSync(process.execPath, [join(root, "bench/fleet-plan.ts")], { stdio: "inherit" });
  // Whoever installs keelson gets the provider built.
  await buildIfChanged();
  await members.start(serverCount, Number(values.members), values.latency.split(",").map(Number));
  await releaseToAll();
  await compareEngines(Number(values.objects));
} finally {
  await members.close();
  for (const file of settingsFiles) await rm(file, { force: true });
  await rm(folder, { recursive: true, force: true });
  process.stdout.write(
    `\n${cpus().length} processors, ${cpus()[0]?.model ?? ""}: the servers' and the client's. ${values.members} clusters on ` +
      `${serverCount} real API servers without nodes, round trips of ${values.latency} ms by turns\n\n`,
  );
  print(["what", "mode", "seconds", "of a processor", "peak MiB", "state, bytes a cluster"], rows);
}

/** What the aims are about. */
async function releaseToAll(): Promise<void> {
  const stack = await newStack("all", { members: members.all, engine: "set", configMaps: 1 });
  await stack.up("3 objects: the first release", "1");
  await stack.up("3 objects: another release", "2");
  await stack.up("3 objects: nothing has changed", "2");
  members.way(-1).die();
  await stack.up("3 objects: another release, one cluster is dead", "3");
  members.way(-1).revive();
  await stack.up("3 objects: the dead cluster is back", "3");
  await stack.waves("3 objects: another release in 3 waves, keelson fleet up", "4");
  await stack.up("50 objects: the first release", "5", 48);
  await stack.up("50 objects: nothing has changed", "5", 48);
  await stack.destroy("50 objects: destroy");
}

/** The same on as many clusters as both engines can bear. */
async function compareEngines(count: number): Promise<void> {
  if (count === 0) return;
  for (const engine of ["set", "objects"] as const) {
    const stack = await newStack(engine, { members: members.all.slice(0, count), engine, configMaps: 1 });
    await stack.up("3 objects: the first release", "1");
    await stack.up("3 objects: another release", "2");
    await stack.up("3 objects: nothing has changed", "2");
    await stack.up("50 objects: the first release", "3", 48);
    await stack.up("50 objects: nothing has changed", "3", 48);
    // Pulumi's provider deletes in the foreground, which a cluster's controllers must end; here are none.
    if (engine === "set") await stack.destroy("50 objects: destroy");
  }
}

interface Stack {
  readonly up: (what: string, version: string, configMaps?: number) => Promise<void>;
  readonly waves: (what: string, version: string) => Promise<void>;
  readonly destroy: (what: string) => Promise<void>;
}

async function newStack(name: string, base: Omit<BenchSettings, "version">): Promise<Stack> {
  const mode = `"${base.engine}", ${base.members.length} clusters`;
  const row = async (
    what: string,
    args: readonly string[],
    settings: Partial<BenchSettings>,
  ): Promise<void> => {
    await writeSettings({ version: "1", ...base, ...settings });
    const cost = await run(args);
    const bytes = (await stateBytes(name)) / base.members.length;
    const cells = [what, mode, ...shown(cost), bytes.toFixed(0)];
    const programs = cost.byProgram.map(([name, seconds]) => `${name} ${seconds.toFixed(1)}`);
    process.stderr.write(`${cells.join(" | ")} (${programs.slice(0, 4).join(", ")})\n`);
    rows.push(cells);
  };
  // A run that was killed leaves one that another passphrase has sealed.
  const settingsFile = join(root, `bench/fleet-program/Pulumi.${name}.yaml`);
  await rm(settingsFile, { force: true });
  settingsFiles.push(settingsFile);
  await run(pulumi("stack", "init", "--stack", name));
  const place = ["--stack", name, "--yes", "--skip-preview"];
  return {
    up: (what, version, configMaps = base.configMaps) =>
      row(what, pulumi("up", ...place), { version, configMaps }),
    destroy: (what) => row(what, pulumi("destroy", ...place), {}),
    async waves(what, version) {
      const args = [
        "cli/main.ts",
        "fleet",
        "up",
        "-C",
        "bench/fleet-program",
        "--stack",
        name,
        "--lock",
        lock,
      ];
      await writeFile(lock, serializeLock(emptyLock));
      await row(what, args, { version, lock });
    },
  };
}

function pulumi(...args: readonly string[]): readonly string[] {
  return ["scripts/pulumi.ts", ...args, "-C", "bench/fleet-program", "--non-interactive"];
}

async function writeSettings(settings: BenchSettings): Promise<void> {
  await writeFile(join(folder, "settings.json"), JSON.stringify(settings), { mode: 0o600 });
}

async function run(args: readonly string[], output = join(folder, "log")): Promise<CommandCost> {
  const env = {
    BENCH_SETTINGS: join(folder, "settings.json"),
    KEELSON_STATE: join(folder, "state"),
    KEELSON_STORE: pathToFileURL(join(folder, "releases")).href,
  };
  const cost = await costOf({ args, cwd: root, env, output });
  // A cluster that does not answer is no failure.
  if (cost.exitCode !== 0 && cost.exitCode !== 4) throw new Error(await lastWords(output));
  return cost;
}

function shown({ seconds, processorSeconds, peakBytes }: CommandCost): readonly string[] {
  return [seconds.toFixed(1), processorSeconds.toFixed(1), (peakBytes / 1024 ** 2).toFixed(0)];
}

/** What the state has of the app, without the clusters and the providers. */
async function stateBytes(stack: string): Promise<number> {
  const path = join(folder, "state.json");
  await run(pulumi("stack", "export", "--stack", stack, "--file", path));
  const { deployment } = JSON.parse(await readFile(path, "utf8")) as {
    deployment: { resources?: readonly { type: string }[] };
  };
  return (deployment.resources ?? [])
    .filter(({ type }) => type === "keelson:index:AppliedSet" || type.startsWith("kubernetes:"))
    .reduce((sum, resource) => sum + JSON.stringify(resource).length, 0);
}
