import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { isAlive, readOwner, withLock } from "../../toolchain/lock.ts";
import type { Children } from "./children.ts";
import { collectLogs } from "./evidence.ts";
import { findLeftovers } from "./leftovers.ts";
import { runMocha } from "./mocha.ts";
import type { Totals } from "./totals.ts";

/** Runs one part of the tests under a title, unless the run was interrupted. */
export type Stage = (title: string, work: () => Promise<void>) => Promise<void>;

/** These take the computer for themselves: they fill its cache, or look at what it looks like afterwards. */
const alone = ["toolchain", "machines"];

/** What runs side by side, the longest first; a file that is named nowhere comes last. */
const together = ["start", "kills", "bare-metal", "ha", "package", "api-servers", "remote"];

/** Most of such a test is waiting: two at once keep two processors busy. */
const lanes = 2;

/** What the folder of one file's run is called. */
const prefix = "keelson-e2e-";

const destroyFleets = ["scripts/testing/destroy-fleets.ts"];

/** The shared settings leave these folders out. */
export const standalone = [
  "--no-config",
  "--forbid-only",
  "--timeout=900000",
  "--reporter=test/support/summary-reporter.ts",
];

/** The end-to-end files of a folder in the order in which they run. */
export async function e2eFiles(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".test.ts")).sort();
  const order = [...alone, ...together];
  const rank = (name: string): number => {
    const at = order.indexOf(testOf(name));
    return at === -1 ? order.length : at;
  };
  return names.sort((a, b) => rank(a) - rank(b)).map((name) => join(directory, name));
}

/** Runs the files in their order, each as a `stage`. What runs beside another file shows its output when it has ended. */
export async function runE2eFiles(
  files: readonly string[],
  run: { readonly children: Children; readonly totals: Totals; readonly stage: Stage },
): Promise<void> {
  await cleanUpAfterDeadRuns(run.children);
  const waiting = [...files];
  const next = (quiet: boolean): Promise<unknown> => {
    const file = waiting.shift() ?? "";
    return run.stage(file, () => runE2eFile(file, { ...run, quiet }));
  };
  while (waiting.length === 1 || alone.includes(testOf(waiting[0] ?? ""))) await next(false);
  const lane = async (): Promise<void> => {
    while (waiting.length > 0) await next(true);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function testOf(file: string): string {
  return basename(file, ".test.ts");
}

/** Runs one file with a state folder of its own, stops at its first failure, and sees to it that nothing stays behind. */
async function runE2eFile(
  file: string,
  { children, totals, quiet }: { children: Children; totals: Totals; quiet: boolean },
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), prefix));
  const env = stateOf(directory);
  const args = [...standalone, "--bail", file];
  await withLock(lockOf(directory), `test ${file}`, async () => {
    const passed = await runMocha({ name: file, args, env, quiet }, children, totals);
    if (!passed) process.stdout.write(await collectLogs(directory));
    await guard(file, env, children, totals);
  });
  await removeIfEmpty(directory);
}

/** A run that was killed left its machines; they would take memory and processors from this one. */
async function cleanUpAfterDeadRuns(children: Children): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  for (const directory of names.map((name) => join(tmpdir(), name))) {
    const owner = await readOwner(lockOf(directory));
    if (owner === undefined || (await isAlive(owner))) continue;
    process.stdout.write(`Cleaning up after a run that was killed: ${owner.what}\n`);
    await children.node(destroyFleets, { env: stateOf(directory) });
    await removeIfEmpty(directory);
  }
}

/** What is still mounted there must not be deleted through. */
async function removeIfEmpty(directory: string): Promise<void> {
  if ((await findLeftovers(stateOf(directory).KEELSON_STATE)).length === 0)
    await rm(directory, { recursive: true, force: true });
}

function stateOf(directory: string): { readonly KEELSON_STATE: string } {
  return { KEELSON_STATE: join(directory, "state") };
}

function lockOf(directory: string): string {
  return join(directory, "run.lock");
}

async function guard(
  file: string,
  env: { readonly KEELSON_STATE: string },
  children: Children,
  totals: Totals,
): Promise<void> {
  const left = await findLeftovers(env.KEELSON_STATE);
  if (left.length === 0) return;
  totals.fail(`${file} leaves nothing behind`, left.join("\n"));
  // An interrupted run needs this more than any other, so it starts even then.
  const { exitCode, output } = await children.node(destroyFleets, {
    env,
    quiet: true,
  });
  const stuck = await findLeftovers(env.KEELSON_STATE);
  if (exitCode !== 0 || stuck.length > 0)
    totals.fail(`clean up after ${file}`, [...stuck, output].join("\n"));
}
