import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultLayout, machinePaths } from "../../machines/nspawn/layout.ts";
import { runCommand } from "./command.ts";
import type { DoomedPlane } from "./doomed-plane.ts";
import type { Start } from "./doomed-run.ts";
import type { HaFleet } from "./ha-fleet.ts";

/** Applies a control plane in a process of its own, which can be killed. The folder takes its settings, keys included. */
export async function startPlane(fleet: HaFleet, folder: string, wanted: readonly string[]): Promise<Start> {
  const path = join(folder, "settings.json");
  fleet.serve([...wanted, "cp1"]);
  const settings: DoomedPlane = { ...fleet.attachment(), wanted };
  await writeFile(path, JSON.stringify(settings), { mode: 0o600 });
  const script = join(import.meta.dirname, "doomed-plane.ts");
  return (env) => runCommand(process.execPath, [script, path], { env });
}

/** Whether a file is on a machine, also while that is off; undefined if not. */
export async function isOnMachine(fleet: HaFleet, host: string, path: string): Promise<true | undefined> {
  const name = fleet.attachment().fleet;
  const { upper } = machinePaths(defaultLayout(), name, `${name}-${host}`);
  return await stat(join(upper, path)).then(
    () => true,
    () => undefined,
  );
}
