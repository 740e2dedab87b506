import { KeelsonError } from "../errors.ts";
import { settleKilledRuns } from "../stacks/engine/killed-runs.ts";
import { PulumiRunner } from "../stacks/engine/pulumi-run.ts";
import { openState } from "../stacks/engine/state.ts";
import { resolvePulumi } from "../toolchain/index.ts";

/** Runs the resolved Pulumi with its plugins, keelson's state folder and this Node: `npm run pulumi -- up`. */
try {
  // Examples import keelson by its name, which in this repository means the sources.
  process.env["NODE_OPTIONS"] = `${process.env["NODE_OPTIONS"] ?? ""} --conditions=keelson-source`.trim();
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  const pulumi = await resolvePulumi({ onProgress });
  const state = await openState();
  const runner = new PulumiRunner(pulumi, state, process.cwd());
  // A backend of the user's own is the user's to look after.
  if (process.env["PULUMI_BACKEND_URL"] === undefined) await settleKilledRuns(runner, state);
  process.exitCode = await runner.run(process.argv.slice(2));
} catch (error) {
  if (!KeelsonError.is(error)) throw error;
  process.stderr.write(`${error.message}\n${error.fix} [${error.code}]\n`);
  process.exitCode = 1;
}
