import type { RunSummary } from "../../test/support/summary-reporter.ts";

/** The sum of all runs of one `npm test`, and the names of what failed outside mocha. */
export class Totals {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  add(summary: RunSummary): void {
    this.#passed += summary.passed;
    this.#failed += summary.failed;
    this.#skipped += summary.skipped;
  }

  /** Counts one failure that is no mocha test: a gate, a crash, a machine left behind. */
  fail(name: string, evidence: string): void {
    this.#failed += 1;
    process.stdout.write(`FAILED ${name}\n${evidence.trimEnd().replace(/^/gm, "    ")}\n`);
  }

  get failed(): number {
    return this.#failed;
  }

  /** The very last line of a run. */
  toString(): string {
    return `${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`;
  }
}
