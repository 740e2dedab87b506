import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Children } from "./children.ts";
import { collectLogs } from "./evidence.ts";
import { findLeftovers } from "./leftovers.ts";
import { runMocha } from "./mocha.ts";
import type { Totals } from "./totals.ts";

/** Files that build on what an earlier one proves come after it; a file that is not named here comes last. */
const order = ["toolchain", "package", "machines", "remote", "bootstrap", "up"];

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
  const rank = (name: string): number => {
    const at = order.indexOf(name.replace(".test.ts", ""));
    return at === -1 ? order.length : at;
  };
  return names.sort((a, b) => rank(a) - rank(b)).map((name) => join(directory, name));
}

/** Runs one file with a state folder of its own, stops at its first failure, and sees to it that nothing stays behind. */
export async function runE2eFile(file: string, children: Children, totals: Totals): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "keelson-e2e-"));
  const env = { KEELSON_STATE: join(directory, "state") };
  const passed = await runMocha({ name: file, args: [...standalone, "--bail", file], env }, children, totals);
  if (!passed) process.stdout.write(await collectLogs(directory));
  await guard(file, env, children, totals);
  // What is still mounted there must not be deleted through.
  if ((await findLeftovers(env.KEELSON_STATE)).length === 0)
    await rm(directory, { recursive: true, force: true });
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
  const { exitCode, output } = await children.node(["scripts/testing/destroy-fleets.ts"], {
    env,
    quiet: true,
  });
  const stuck = await findLeftovers(env.KEELSON_STATE);
  if (exitCode !== 0 || stuck.length > 0)
    totals.fail(`clean up after ${file}`, [...stuck, output].join("\n"));
}
