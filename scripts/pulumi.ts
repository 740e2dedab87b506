import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../errors.ts";
import { openState } from "../stacks/engine/state.ts";
import { pulumiEnvironment, resolvePulumi } from "../toolchain/index.ts";

/** Runs the resolved Pulumi with its plugins, keelson's state folder and this Node: `npm run pulumi -- up`. */
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!KeelsonError.is(error)) throw error;
  process.stderr.write(`${error.message}\n${error.fix} [${error.code}]\n`);
  process.exitCode = 1;
}

async function run(args: readonly string[]): Promise<number> {
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  const pulumi = await resolvePulumi({ onProgress });
  const state = await openState();
  const home = process.env["PULUMI_HOME"] ?? join(state.path, "pulumi");
  // What the user set wins: another backend, another passphrase.
  const own = process.env["PULUMI_BACKEND_URL"] === undefined ? state.env : {};
  const env = { ...pulumiEnvironment({ tools: pulumi.tools, home }), ...own };
  // A group of its own: Ctrl-C of the terminal reaches it once, from here, and not its plugins.
  const child = spawn(pulumi.program, args, { env, stdio: "inherit", detached: true });
  let isStopping = false;
  process.on("SIGINT", () => {
    // Pulumi ends without saving at the second one, and npm sends one in addition to the terminal's.
    if (isStopping) return;
    isStopping = true;
    child.kill("SIGINT");
  });
  for (const name of ["SIGTERM", "SIGHUP"] as const) process.on(name, () => child.kill(name));
  return await new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code, signal) => {
      done(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
