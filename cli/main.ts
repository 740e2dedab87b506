#!/usr/bin/env node
import { KeelsonError } from "../errors.ts";
import { type FleetArguments, fleetUsage, readFleetArguments } from "./fleet/options.ts";
import { planFleet } from "./fleet/plan.ts";

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
  else if (word === "fleet") process.exitCode = await runFleet(readFleetArguments(args));
  else {
    const state = word === undefined ? "it wants a word" : `"${word}" is none of its words`;
    throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot run "keelson": ${state}`, { fix: fleetUsage });
  }
} catch (error) {
  if (!KeelsonError.is(error)) throw error;
  process.stderr.write(`${error.message}\n${error.fix} [${error.code}]\n`);
  process.exitCode = error.code === "KEELSON_ABORTED" ? 130 : 1;
}

async function runFleet(fleetArgs: FleetArguments): Promise<number> {
  const { command } = fleetArgs;
  if (command === "plan") return planFleet(fleetArgs, (text) => void process.stdout.write(`${text}\n`));
  // Planning needs no Pulumi, which takes its time to load and may not be there.
  const fleet = await import("./fleet/command.ts");
  return fleet.runFleet(command, fleetArgs, controller.signal);
}
