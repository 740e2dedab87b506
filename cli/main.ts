#!/usr/bin/env node
import { KeelsonError } from "../errors.ts";
import { runFleet } from "./fleet/command.ts";
import { fleetUsage, readFleetArguments } from "./fleet/options.ts";

/** `keelson`: what `pulumi` has no word for. */
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => {
    controller.abort();
  });
}

const [word, ...args] = process.argv.slice(2);
try {
  if (word === "--help" || word === "help" || args.includes("--help"))
    process.stdout.write(`${fleetUsage}\n`);
  else if (word === "fleet") process.exitCode = await runFleet(readFleetArguments(args), controller.signal);
  else {
    const state = word === undefined ? "it wants a word" : `"${word}" is none of its words`;
    throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot run "keelson": ${state}`, { fix: fleetUsage });
  }
} catch (error) {
  if (!KeelsonError.is(error)) throw error;
  process.stderr.write(`${error.message}\n${error.fix} [${error.code}]\n`);
  process.exitCode = error.code === "KEELSON_ABORTED" ? 130 : 1;
}
