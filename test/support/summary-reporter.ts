import { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { inspect } from "node:util";

import { skipReason } from "./skip.ts";

/** What one mocha run came to; `scripts/test.ts` adds these up. */
export interface RunSummary {
  passed: number;
  failed: number;
  skipped: number;
}

/** Set for a dry run: why its tests are listed as skipped instead of run. */
const listReason = process.env["KEELSON_LIST_ONLY"];

/** How long a run may take to end by itself once its last test is done. */
const graceMilliseconds = 10_000;

/** The command lines of the processes that still run; Node has no public way to list them. */
function openChildren(): string[] {
  const { _getActiveHandles } = process as unknown as { _getActiveHandles: () => unknown[] };
  return _getActiveHandles().flatMap((handle) =>
    handle instanceof ChildProcess ? [handle.spawnargs.join(" ")] : [],
  );
}

/** Prints every test with its duration, every failure with its evidence, and writes a `RunSummary` to the option `output`. */
class SummaryReporter {
  readonly #summary: RunSummary = { passed: 0, failed: 0, skipped: 0 };
  readonly #runner: Mocha.Runner;
  readonly #output: string | undefined;
  #file: string | undefined;
  #depth = 0;

  constructor(runner: Mocha.Runner, options: { reporterOptions?: { output?: string } }) {
    this.#runner = runner;
    this.#output = options.reporterOptions?.output;
    runner.on("suite", (suite) => {
      this.#openSuite(suite);
    });
    runner.on("suite end", () => {
      this.#depth -= 1;
    });
    runner.on("pass", (test) => {
      this.#pass(test);
    });
    runner.on("pending", (test) => {
      this.#skip(test);
    });
    runner.on("fail", (test, error) => {
      this.#fail(test, error);
    });
  }

  /** Mocha asks here for the number of failures that its exit code tells. */
  done(_failures: number, finish: (failures: number) => void): void {
    const { passed, failed, skipped } = this.#summary;
    const unreached = this.#runner.total - passed - skipped - failedTests(this.#runner);
    if (unreached > 0) {
      this.#summary.skipped += unreached;
      process.stdout.write(`  ${unreached} skipped: an earlier failure left no way to run them\n`);
    }
    process.stdout.write(`  ${passed} passed, ${failed} failed, ${this.#summary.skipped} skipped\n`);
    this.#write();
    finish(failed);
    this.#endIfStuck();
  }

  #write(): void {
    if (this.#output !== undefined) writeFileSync(this.#output, JSON.stringify(this.#summary));
  }

  /** Something that a test left open would keep the run alive for ever. */
  #endIfStuck(): void {
    setTimeout(() => {
      this.#summary.failed += 1;
      process.stdout.write(`  FAILED the tests left open: ${process.getActiveResourcesInfo().join(", ")}\n`);
      for (const command of openChildren()) process.stdout.write(`    ${command}\n`);
      this.#write();
      process.exit(1);
    }, graceMilliseconds).unref();
  }

  #openSuite(suite: Mocha.Suite): void {
    if (!suite.root) {
      if (suite.file !== undefined && suite.file !== this.#file) {
        this.#file = suite.file;
        process.stdout.write(`\n${relative(process.cwd(), suite.file)}\n`);
      }
      this.#print(suite.title);
    }
    this.#depth += 1;
  }

  #pass(test: Mocha.Test): void {
    if (listReason !== undefined) {
      this.#skip(test);
      return;
    }
    this.#summary.passed += 1;
    this.#print(`ok ${test.title} (${seconds(test.duration)})`);
  }

  #skip(test: Mocha.Test): void {
    const reason = skipReason(test) ?? listReason;
    if (reason === undefined) {
      this.#fail(test, "Cannot skip a test: no reason was given, call skipBecause()");
      return;
    }
    this.#summary.skipped += 1;
    this.#print(`-- ${test.title}: skipped, ${reason}`);
  }

  #fail(test: Mocha.Runnable, error: unknown): void {
    this.#summary.failed += 1;
    this.#print(`FAILED ${test.fullTitle()} (${seconds(test.duration)})`);
    const evidence =
      typeof error === "string" ? error : inspect(error, { depth: 4, maxStringLength: 8000, colors: false });
    process.stdout.write(`${evidence.replace(/^/gm, "  ".repeat(this.#depth + 1))}\n`);
  }

  #print(line: string): void {
    process.stdout.write(`${"  ".repeat(Math.max(this.#depth, 1))}${line}\n`);
  }
}

// Mocha loads a reporter through the default export only.
export { SummaryReporter as default };

/** Tests that failed themselves or lack a reason; a failed hook is a failure but no test. */
function failedTests(runner: Mocha.Runner): number {
  let count = 0;
  runner.suite.eachTest((test) => {
    if (test.isFailed() || (test.isPending() && skipReason(test) === undefined)) count += 1;
  });
  return count;
}

function seconds(milliseconds: number | undefined): string {
  return `${((milliseconds ?? 0) / 1000).toFixed(2)} s`;
}
