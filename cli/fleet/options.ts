import { parseArgs } from "node:util";
import type { AllowedRemoval } from "../../clusters/waves/guards.ts";
import { KeelsonError } from "../../errors.ts";

/** The words after `keelson fleet`. */
export const fleetCommands = ["plan", "up", "preview", "status", "rollback", "drift", "facts"] as const;

export interface FleetArguments {
  readonly command: (typeof fleetCommands)[number];
  /** Names of apps; none means all that the program has. */
  readonly apps: readonly string[];
  /** Where the Pulumi project is. */
  readonly directory: string;
  /** Path of the lock file, from the project. */
  readonly lock: string;
  /** @default - the one that is selected */
  readonly stack?: string;
  /** @default - KEELSON_STORE, or this computer's */
  readonly store?: string;
  readonly json: boolean;
  readonly approve: boolean;
  readonly retry: boolean;
  readonly ignoreWindows: boolean;
  readonly allowRemoval: AllowedRemoval;
  readonly planning: Planning;
}

/** How apps are placed again. */
export interface Planning {
  /** Path of the module with the clusters and the placements, from the project. */
  readonly module: string;
  /** Apps that are decided afresh; `true` means all. */
  readonly replan: true | readonly string[];
  /** Clusters that lose their apps to others. */
  readonly giveUp: readonly string[];
  /** Clusters that get back what left them when they were given up. */
  readonly takeBack: readonly string[];
  /** Whether the lock takes the decision over. */
  readonly write: boolean;
}

/** How `keelson fleet` is called. */
export const fleetUsage = `keelson fleet plan           where apps would be placed now, and why; writes nothing without --write
keelson fleet up [app …]       bring what the program renders to its clusters, wave by wave
keelson fleet preview [app …]  what that would change, object by object
keelson fleet status [app …]   where each cluster is
keelson fleet rollback <app>   the release before, the last wave first
keelson fleet drift [app …]    what somebody has changed on the clusters
keelson fleet facts            what the clusters are, for a facts file

  -C, --cwd <folder>        the Pulumi project (this folder)
  -s, --stack <name>        the stack (the one that is selected)
      --lock <file>         the lock (fleet.lock.json)
      --store <reference>   the release store (KEELSON_STORE)
      --json                a JSON object a line
      --approve             agree to the wave that waits for it
      --now                 begin waves outside of their windows
      --retry               go on with a rollout that was halted
      --allow-removal <app> let an app lose many clusters; "all" for all of them

      --fleet <module>      the clusters and the placements (fleet.ts)
      --replan <app>        decide an app afresh; "all" for all of them
      --give-up <cluster>   move elsewhere what it runs
      --take-back <cluster> return to it what left it then
      --write               write the decision into the lock`;

/** @throws KeelsonError KEELSON_INVALID_INPUT if there is no such command or option */
export function readFleetArguments(args: readonly string[]): FleetArguments {
  const { values, positionals } = parse(args);
  const [command, ...apps] = positionals;
  const known = fleetCommands.find((name) => name === command);
  if (known === undefined) {
    const state = command === undefined ? "it wants a word" : `"${command}" is none of its words`;
    throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot run "keelson fleet": ${state}`, {
      fix: fleetUsage,
    });
  }
  const allowed = values["allow-removal"];
  return {
    command: known,
    apps,
    directory: values.cwd,
    lock: values.lock,
    ...(values.stack !== undefined && { stack: values.stack }),
    ...(values.store !== undefined && { store: values.store }),
    json: values.json,
    approve: values.approve,
    retry: values.retry,
    ignoreWindows: values.now,
    allowRemoval: allowed.includes("all") ? true : allowed,
    planning: {
      module: values.fleet,
      replan: values.replan.includes("all") ? true : values.replan,
      giveUp: values["give-up"],
      takeBack: values["take-back"],
      write: values.write,
    },
  };
}

function parse(args: readonly string[]): ReturnType<typeof parseWith> {
  try {
    return parseWith(args);
  } catch (error) {
    const state = error instanceof Error ? error.message : String(error);
    throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot run "keelson fleet": ${state}`, {
      fix: fleetUsage,
    });
  }
}

// Its result has a type of its own for each option, which nobody wants to write down twice.
function parseWith(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cwd: { type: "string", short: "C", default: "." },
      stack: { type: "string", short: "s" },
      lock: { type: "string", default: "fleet.lock.json" },
      store: { type: "string" },
      json: { type: "boolean", default: false },
      approve: { type: "boolean", default: false },
      now: { type: "boolean", default: false },
      retry: { type: "boolean", default: false },
      "allow-removal": { type: "string", multiple: true, default: [] },
      fleet: { type: "string", default: "fleet.ts" },
      replan: { type: "string", multiple: true, default: [] },
      "give-up": { type: "string", multiple: true, default: [] },
      "take-back": { type: "string", multiple: true, default: [] },
      write: { type: "boolean", default: false },
    },
  });
}
