import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { serializeLock } from "../../clusters/lock/lock.ts";
import type { RolloutWave } from "../../clusters/waves/rollout.ts";
import { describeWindow } from "../../clusters/waves/windows.ts";
import { formatPreviews } from "../../delivery/format-previews.ts";
import { preview } from "../../delivery/index.ts";
import { KeelsonError } from "../../errors.ts";
import { parallel } from "../../remote/parallel.ts";
import { lockVariable, runVariable } from "../../stacks/components/set-workload.ts";
import { settleKilledRuns } from "../../stacks/engine/killed-runs.ts";
import { PulumiRunner } from "../../stacks/engine/pulumi-run.ts";
import { openReleases, storeReference } from "../../stacks/engine/releases.ts";
import { openState } from "../../stacks/engine/state.ts";
import type { AppliedSetInputs } from "../../stacks/provider/resources/applied-set.ts";
import { watchedVariable } from "../../stacks/provider/watched.ts";
import { resolvePulumi } from "../../toolchain/index.ts";
import { collectReleases } from "./collect.ts";
import { factsFile, gatherFacts } from "./gather-facts.ts";
import type { FleetArguments } from "./options.ts";
import { requireCredentials } from "./prometheus-probe.ts";
import { RealFleet } from "./real-world.ts";
import { withOutput } from "./output.ts";
import { lockAfter, newRollout, release, rollBack } from "./release.ts";
import { formatRows, statusRows } from "./status.ts";

/** What a command works with. */
export interface Session {
  readonly args: FleetArguments;
  readonly fleet: RealFleet;
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
}

/** A command that works on a stack and its clusters. */
export type FleetCommand = Exclude<FleetArguments["command"], "plan">;

/** Runs a command of `keelson fleet`, and gives the exit code. */
export async function runFleet(
  command: FleetCommand,
  args: FleetArguments,
  signal: AbortSignal,
): Promise<number> {
  const fleet = await openFleet(args, signal);
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  return commands[command]({ args, fleet, signal, print });
}

const commands: Readonly<Record<FleetCommand, (session: Session) => Promise<number>>> = {
  up,
  preview: previewFleet,
  status,
  rollback,
  drift,
  facts,
};

const unset = { [runVariable]: "", [lockVariable]: "", [watchedVariable]: "" };

async function openFleet(args: FleetArguments, signal: AbortSignal): Promise<RealFleet> {
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  const directory = resolve(args.directory);
  const [pulumi, state] = await Promise.all([resolvePulumi({ onProgress, signal }), openState()]);
  // A backend of the user's own is the user's to look after.
  if (process.env["PULUMI_BACKEND_URL"] === undefined)
    await settleKilledRuns(new PulumiRunner(pulumi, state, directory), state);
  // The program keeps its releases where they are looked for.
  process.env["KEELSON_STORE"] = args.store ?? storeReference();
  return new RealFleet({
    pulumi: (variables) => {
      // The runner's programs inherit the variables of this process.
      Object.assign(process.env, unset, variables);
      return new PulumiRunner(pulumi, state, directory);
    },
    store: await openReleases(storeReference(), { signal }),
    lock: resolve(directory, args.lock),
    ...(args.stack !== undefined && { stack: args.stack }),
    run: randomUUID(),
  });
}

async function up({ args, fleet, signal, print }: Session): Promise<number> {
  const offers = await offered(fleet, args);
  for (const { rules } of offers.values()) requireCredentials(rules.prometheus ?? []);
  const { approve, retry, ignoreWindows, allowRemoval } = args;
  let worst = 0;
  for (const [app, offer] of offers) {
    const exitCode = await withOutput(args, print, (onEvent) =>
      release(fleet, app, offer, { approve, retry, ignoreWindows, allowRemoval, signal, onEvent }),
    );
    worst = Math.max(worst, exitCode);
    // What failed for one app may be worse for the next one.
    if (exitCode === 2 || exitCode === 3) return exitCode;
  }
  const removed = await collectReleases(fleet.store, await fleet.readLock(), signal);
  if (removed > 0 && !args.json) print(`${removed} old releases were removed from the release store`);
  return worst;
}

async function previewFleet({ args, fleet, print }: Session): Promise<number> {
  const offers = await offered(fleet, args);
  let lock = await fleet.readLock();
  for (const [app, offer] of offers) {
    const rollout = newRollout(app, offer, lock);
    print(`${app}: ${rollout.waves.map(describeWave).join("; ")}`);
    lock = lockAfter(lock, rollout);
  }
  const folder = await mkdtemp(join(tmpdir(), "keelson-lock-"));
  try {
    const path = join(folder, "fleet.lock.json");
    await writeFile(path, serializeLock(lock));
    print(await fleet.previewWith(path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return 0;
}

function describeWave({ name, clusters, windows = [] }: RolloutWave): string {
  const when = windows.length === 0 ? "" : ` (${windows.map(describeWindow).join("; ")})`;
  return `${name}${when}: ${clusters.join(", ")}`;
}

async function status({ args, fleet, print }: Session): Promise<number> {
  const lock = await fleet.readLock();
  const apps = args.apps.length > 0 ? args.apps : await fleet.apps(lock);
  const rows = await Promise.all(
    apps.map(async (app) => statusRows(app, lock, await fleet.readRollout(app))),
  );
  print(args.json ? JSON.stringify(rows.flat()) : formatRows(rows.flat()));
  return 0;
}

async function rollback({ args, fleet, signal, print }: Session): Promise<number> {
  const [app, ...others] = args.apps;
  if (app === undefined || others.length > 0) {
    throw new KeelsonError("KEELSON_INVALID_INPUT", "Cannot roll back: it takes the name of one app");
  }
  return withOutput(args, print, (onEvent) => rollBack(fleet, app, { signal, onEvent }));
}

/** What somebody has changed on the clusters since it was applied; 2 if there is anything. */
async function drift({ args, fleet, signal, print }: Session): Promise<number> {
  const sets = [...(await fleet.readSets())].filter(
    ([name]) => args.apps.length === 0 || args.apps.some((app) => name.endsWith(`/${app}`)),
  );
  const options = {
    what: "look for drift",
    where: ([name]: (typeof sets)[number]) => name,
    limit: 16,
    signal,
  };
  const found = await parallel(sets, options, async ([name, { inputs }]) => ({
    name,
    text: await driftOf(fleet, inputs, signal),
  }));
  const drifted = found.filter(({ text }) => text !== undefined);
  for (const { name, text } of drifted)
    print(args.json ? JSON.stringify({ name, drift: text }) : `${name}: ${text ?? ""}`);
  if (drifted.length === 0 && !args.json) print("No drift");
  return drifted.length === 0 ? 0 : 2;
}

async function driftOf(
  fleet: RealFleet,
  { clusterId = "", release: digest = "", inventory }: AppliedSetInputs,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const objects = await fleet.store.get(digest, { signal });
    const previews = await fleet.onCluster(clusterId, (target) =>
      preview(target, objects, { inventory, allowRemoval: true, signal }),
    );
    const isDifferent = previews.some(({ action }) => action !== "unchanged");
    return isDifferent ? formatPreviews(previews) : undefined;
  } catch (error) {
    if (KeelsonError.is(error) && error.code === "KEELSON_API_UNAVAILABLE") return "it does not answer";
    throw error;
  }
}

async function facts({ fleet, signal, print }: Session): Promise<number> {
  const sets = [...(await fleet.readSets()).values()];
  const clusters = new Map(sets.map(({ inputs }) => [inputs.cluster, inputs.clusterId ?? ""]));
  const options = { what: "gather facts", where: ([name]: [string, string]) => name, limit: 16, signal };
  const gathered = await parallel([...clusters], options, async ([name, id]) => {
    try {
      return [[name, await fleet.onCluster(id, gatherFacts)] as const];
    } catch (error) {
      if (!KeelsonError.is(error) || error.code !== "KEELSON_API_UNAVAILABLE") throw error;
      process.stderr.write(`${name} does not answer: nothing new is known of it\n`);
      return [];
    }
  });
  const file = factsFile(Object.fromEntries(gathered.flat()), new Date());
  print(JSON.stringify(file, undefined, 2));
  return gathered.flat().length === clusters.size ? 0 : 4;
}

async function offered(
  fleet: RealFleet,
  args: FleetArguments,
): Promise<Awaited<ReturnType<RealFleet["render"]>>> {
  const offers = await fleet.render();
  const missing = args.apps.filter((app) => !offers.has(app));
  if (offers.size === 0 || missing.length > 0) {
    const what = missing.length === 0 ? "any app" : missing.map((app) => `"${app}"`).join(", ");
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      `Cannot roll out ${what}: the program does not offer it`,
      {
        fix: 'Give the Workload engine: "set" and a lock; with new clusters or unknown values, run `pulumi up` first',
      },
    );
  }
  return args.apps.length === 0 ? offers : new Map([...offers].filter(([app]) => args.apps.includes(app)));
}
