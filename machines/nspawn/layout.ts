import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { cacheDirectory } from "../../toolchain/settings.ts";

/** Where the driver keeps things on this computer. */
export interface Layout {
  /** Fleets and machines; removed with them. */
  readonly state: string;
  /** Root images and packages; may be removed at any time that no machine runs. */
  readonly cache: string;
}

/** The folders that KEELSON_STATE and KEELSON_CACHE name, else the user's own by the XDG rules. */
export function defaultLayout(environment: NodeJS.ProcessEnv = process.env): Layout {
  const home = environment["HOME"] || homedir();
  const state =
    environment["KEELSON_STATE"] ||
    join(environment["XDG_STATE_HOME"] || join(home, ".local/state"), "keelson");
  return { state: join(state, "machines"), cache: cacheDirectory(environment) };
}

/** Files of one fleet. */
export interface FleetPaths {
  readonly directory: string;
  readonly record: string;
  readonly key: string;
  readonly mirrorRecord: string;
  readonly mirrorLog: string;
  readonly machines: string;
}

export function fleetPaths(layout: Layout, fleet: string): FleetPaths {
  const directory = join(layout.state, "fleets", fleet);
  return {
    directory,
    record: join(directory, "fleet.json"),
    key: join(directory, "id_ed25519"),
    mirrorRecord: join(directory, "mirror.json"),
    mirrorLog: join(directory, "mirror.log"),
    machines: join(directory, "machines"),
  };
}

/** Files of one machine. */
export interface MachinePaths {
  readonly directory: string;
  readonly record: string;
  /** Present once the guest's own files are all written. */
  readonly prepared: string;
  /** Present while the machine should run. */
  readonly wanted: string;
  readonly supervisorPid: string;
  readonly supervisorLock: string;
  readonly supervisorScript: string;
  readonly cgroups: string;
  readonly console: string;
  readonly upper: string;
  readonly data: string;
}

export function machinePaths(layout: Layout, fleet: string, name: string): MachinePaths {
  const directory = join(fleetPaths(layout, fleet).machines, name);
  return {
    directory,
    record: join(directory, "machine.json"),
    prepared: join(directory, "prepared"),
    wanted: join(directory, "wanted"),
    supervisorPid: join(directory, "supervisor.pid"),
    supervisorLock: join(directory, "supervisor.lock"),
    supervisorScript: join(directory, "supervise.sh"),
    cgroups: join(directory, "cgroups"),
    console: join(directory, "console.log"),
    upper: join(directory, "upper"),
    data: join(directory, "data"),
  };
}

/** A short name that is the same for the same path and differs from every other: it names links and cgroups. */
export function shortId(path: string): string {
  return `kl${createHash("sha256").update(path).digest("hex").slice(0, 8)}`;
}
