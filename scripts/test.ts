import { parseArgs } from "node:util";

import { Children } from "./testing/children.ts";
import { e2eFiles, runE2eFiles, standalone } from "./testing/e2e.ts";
import { runGates } from "./testing/gates.ts";
import { runMocha } from "./testing/mocha.ts";
import { Totals } from "./testing/totals.ts";

const usage = `Usage: npm test                      gates, unit tests, end-to-end tests
       npm test -- test/e2e/ha.test.ts   these files only
       npm run test:long              all end-to-end tests, the long ones too`;

const children = new Children();
const totals = new Totals();
const onSignal = (): void => {
  children.interrupt();
};
process.on("SIGINT", onSignal).on("SIGTERM", onSignal);

const start = Date.now();
await run();
process.stdout.write(`\nTotal: ${seconds(start)}\n`);
process.stdout.write(`${String(totals)}\n`);
process.exitCode = children.interrupted ? 130 : totals.failed > 0 ? 1 : 0;

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { long: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
  } else if (values.long) {
    await stage("Toolchain", prepareToolchain);
    process.env["KEELSON_LONG"] = "1";
    await runFiles([...(await e2eFiles("test/e2e")), ...(await e2eFiles("test/long"))]);
  } else if (positionals.length > 0) {
    await runFiles(positionals);
  } else {
    await runEverything();
  }
}

async function runEverything(): Promise<void> {
  await stage("Gates and unit tests", async () => {
    // What talks over connections or to processes waits for most of its time; the rest does not, nor do gates.
    const waiting = "test/{cli,machines,remote,scripts}/**/*.test.ts";
    const unit = [
      { name: "unit tests of connections and processes", args: [waiting], quiet: true },
      { name: "unit tests", args: ["test/**/*.test.ts", "--ignore", waiting], quiet: true },
    ];
    await Promise.all([
      runGates(children, totals),
      ...unit.map((tests) => runMocha(tests, children, totals)),
    ]);
  });
  const ready = await stage("Toolchain", prepareToolchain);
  if (ready === true) await runFiles(await e2eFiles("test/e2e"));
  await stage("Long tests", listLongTests);
}

function runFiles(files: readonly string[]): Promise<void> {
  return runE2eFiles(files, { children, totals, stage });
}

/** Runs one part of the tests and prints how long it took; an interrupted run starts no further part. */
async function stage<T>(title: string, work: () => Promise<T>): Promise<T | undefined> {
  if (children.interrupted) return undefined;
  const start = Date.now();
  process.stdout.write(`\n== ${title}\n`);
  const result = await work();
  process.stdout.write(`== ${title}: ${seconds(start)}\n`);
  return result;
}

async function prepareToolchain(): Promise<boolean> {
  const { exitCode } = await children.node(["scripts/toolchain.ts"]);
  if (exitCode !== 0)
    totals.fail("prepare the toolchain", `exit code ${exitCode}: no end-to-end test can run`);
  return exitCode === 0;
}

async function listLongTests(): Promise<void> {
  const env = { KEELSON_LIST_ONLY: "runs as npm run test:long" };
  const files = await e2eFiles("test/long");
  const args = [...standalone, "--dry-run", ...files];
  if (files.length > 0) await runMocha({ name: "long tests", args, env }, children, totals);
}

function seconds(start: number): string {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}
