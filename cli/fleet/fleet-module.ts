import { stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { isRecord } from "../../clusters/data/is-record.ts";
import type { Fleet } from "../../clusters/fleet/fleet.ts";
import type { PlacedApp } from "../../clusters/placement/placement.ts";
import { KeelsonError } from "../../errors.ts";

/** What is planned with: the clusters, and the apps that are placed on them. */
export interface FleetModule {
  readonly fleet: Fleet;
  readonly apps: readonly PlacedApp[];
}

/**
 * Runs the module that exports `fleet` and `apps`.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if there is none, or if it exports something else; whatever it throws itself
 */
export async function loadFleetModule(path: string): Promise<FleetModule> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) throw noModule(path, "there is no such file");
  const { fleet, apps } = await importModule(path);
  if (!isFleet(fleet)) throw noModule(path, `its export "fleet" is not what defineFleet() gives`);
  if (!Array.isArray(apps) || !apps.every(isApp))
    throw noModule(path, `its export "apps" is no list of apps with a name and a place()`);
  return { fleet, apps };
}

async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    if (KeelsonError.is(cause)) throw cause;
    throw noModule(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function isFleet(value: unknown): value is Fleet {
  return isRecord(value) && Array.isArray(value["clusters"]);
}

function isApp(value: unknown): value is PlacedApp {
  if (!isRecord(value) || typeof value["name"] !== "string") return false;
  return isRecord(value["place"]) && isRecord(value["place"]["rule"]);
}

function noModule(path: string, state: string, cause?: unknown): KeelsonError {
  return new KeelsonError("KEELSON_INVALID_INPUT", `Cannot read the fleet of "${path}": ${state}`, {
    fix: "Write a module that exports `fleet` and `apps` (docs/fleets.md), or name it with --fleet",
    ...(cause !== undefined && { cause }),
  });
}
