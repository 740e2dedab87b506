import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { RunSummary } from "../../test/support/summary-reporter.ts";
import type { Children } from "./children.ts";
import type { Totals } from "./totals.ts";

export interface MochaRun {
  /** Shown if mocha itself fails. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Shows the output only at the end, and in one piece. @default false */
  readonly quiet?: boolean;
}

/** Runs mocha once and adds its summary; a run that ends without one is a failure. Returns whether all passed. */
export async function runMocha(run: MochaRun, children: Children, totals: Totals): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), "keelson-mocha-"));
  try {
    const output = join(directory, "summary.json");
    const command = ["node_modules/mocha/bin/mocha.js", ...run.args, "--reporter-option", `output=${output}`];
    const { env = {}, quiet = false } = run;
    const { exitCode, output: shown } = await children.node(command, { env, quiet });
    process.stdout.write(shown);
    const summary = await readSummary(output);
    if (summary === undefined) {
      totals.fail(run.name, `mocha ended before its tests did: exit code ${exitCode}`);
      return false;
    }
    totals.add(summary);
    if (exitCode !== 0 && summary.failed === 0) totals.fail(run.name, `mocha: exit code ${exitCode}`);
    return exitCode === 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function readSummary(path: string): Promise<RunSummary | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as RunSummary;
  } catch {
    return undefined;
  }
}
