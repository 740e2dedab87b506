import type { HostFacts } from "../../clusters/facts.ts";
import { command } from "../../remote/quote.ts";
import { differs, writeFiles } from "../view.ts";
import { enableUnit } from "../unit.ts";
import type { Change, WantedFile } from "../view.ts";

/** A service of keelson's own on a host: its unit and the files that it must be newer than. */
export interface OwnUnit {
  /** `keelson-balancer.service` for example. */
  readonly name: string;
  /** In an intent: `the API's balancer`. */
  readonly what: string;
  /** The first one is the unit's. */
  readonly paths: readonly [string, ...string[]];
}

/** Brings a service's files and keeps it running; it is started anew only if one of them changed. */
export function keepUnit(facts: HostFacts, unit: OwnUnit, files: readonly WantedFile[]): readonly Change[] {
  const { name, what } = unit;
  const state = facts.units[name];
  const isOld = state?.stale === true || files.some((file) => differs(facts, file));
  const writes = writeFiles(facts, `configure ${what}`, files);
  if (state?.active === true && state.enabled && !isOld) return writes;
  return [
    ...writes,
    {
      intent: `${state?.active === true ? "restart" : "start"} ${what}`,
      work: async ({ runner, signal }) => {
        await runner.run(`${enableUnit(name)} && ${command`systemctl restart ${name}`}`, { signal });
      },
    },
  ];
}

/** Takes a service away that is wanted no more. */
export function dropUnit(facts: HostFacts, { name, what, paths }: OwnUnit): readonly Change[] {
  const { active = false, enabled = false } = facts.units[name] ?? {};
  const isThere = active || enabled || paths.some((path) => facts.files[path] !== undefined);
  if (!isThere) return [];
  return [
    {
      intent: `take away ${what}`,
      work: async ({ runner, signal }) => {
        const stop = command`systemctl disable --quiet --now ${name} || true`;
        await runner.run(`${stop}; ${command`rm -f ${paths}`}; systemctl daemon-reload`, { signal });
      },
    },
  ];
}
