import type { Children } from "./children.ts";
import type { Totals } from "./totals.ts";

/** What every change must pass, besides its tests; the same programs as the npm scripts of these names. */
const gates: Readonly<Record<string, readonly string[]>> = {
  types: ["node_modules/typescript/bin/tsc", "-p", "."],
  lint: ["node_modules/oxlint/bin/oxlint", "--max-warnings", "0"],
  format: ["node_modules/oxfmt/bin/oxfmt", "--check"],
  unused: ["node_modules/knip/bin/knip.js"],
  imports: ["scripts/check-imports.ts"],
  docs: ["scripts/check-docs.ts"],
};

/** Runs all gates, two at a time, and counts each that fails as a failure of its name. */
export async function runGates(children: Children, totals: Totals): Promise<void> {
  const waiting = Object.entries(gates);
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !children.interrupted; next = waiting.shift()) {
      await runGate(next, children, totals);
    }
  };
  await Promise.all([worker(), worker()]);
}

async function runGate(
  [name, command]: readonly [string, readonly string[]],
  children: Children,
  totals: Totals,
): Promise<void> {
  const start = Date.now();
  const { exitCode, output } = await children.node(command, { quiet: true });
  if (exitCode === 0) process.stdout.write(`  ok ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)\n`);
  else totals.fail(`gate "${name}": exit code ${exitCode}`, output);
}
