import type { UnitFacts } from "../../clusters/facts.ts";
import { quote } from "../../remote/quote.ts";
import type { Sections } from "./sections.ts";

const properties = "Id,ActiveState,UnitFileState,NeedDaemonReload,MainPID";

/** The part of the facts script about units, each with the files that it must be newer than. */
export function unitsPart(units: Readonly<Record<string, readonly string[]>>): string {
  const names = Object.keys(units);
  if (names.length === 0) return "";
  const files = [...new Set(Object.values(units).flat())];
  const own = Object.entries(units).map(([name, paths]) => `echo ${quote([name, ...paths].join(" "))}`);
  return `
section clocks; echo "$now $up"
section units; units=$(systemctl show -p ${properties} ${names.map(quote).join(" ")}); printf '%s\\n' "$units"
section processes; for p in $units; do case $p in MainPID=0) ;; MainPID=*) read -r line </proc/\${p#*=}/stat && printf '%s\\n' "$line";; esac; done
section unitFiles; ${own.join("; ")}
section changes; stat -Lc '%.9Y %n' ${files.map(quote).join(" ")}`;
}

export function parseUnits({ text, lines }: Sections): Record<string, UnitFacts> {
  const startOf = startsOf(lines("processes"), text("clocks"));
  const changes = new Map(lines("changes").map((line) => [rest(line), Number(first(line))]));
  const files = new Map(
    lines("unitFiles").map((line) => [first(line), rest(line).split(" ").filter(Boolean)]),
  );
  return Object.fromEntries(
    text("units")
      .split("\n\n")
      .filter(Boolean)
      .map((block) => {
        const shown = new Map(block.split("\n").map((line) => line.split("=", 2) as [string, string]));
        const name = shown.get("Id") ?? "";
        const startedAt = startOf(shown.get("MainPID") ?? "0");
        const isOld = (files.get(name) ?? []).some((path) => (changes.get(path) ?? 0) > startedAt);
        const active = shown.get("ActiveState") === "active";
        const stale = active && (isOld || shown.get("NeedDaemonReload") === "yes");
        return [name, { active, enabled: shown.get("UnitFileState") === "enabled", stale }];
      }),
  );
}

/**
 * When a process started, in seconds since 1970: proc(5) counts it in clock ticks since the boot, as field 22, and what
 * stands in parentheses before may be anything. A unit without a process counts as started with the host.
 */
function startsOf(processes: readonly string[], clocks: string): (pid: string) => number {
  const [now = 0, uptime = 0] = clocks.split(" ").map(Number);
  const ticks = new Map(
    processes.map((line) => [first(line), Number(line.slice(line.lastIndexOf(")") + 2).split(" ")[19])]),
  );
  return (pid) => now - uptime + (ticks.get(pid) ?? 0) / ticksPerSecond;
}

/** USER_HZ of Linux on every architecture that Kubernetes runs on. */
const ticksPerSecond = 100;

function first(line: string): string {
  return line.split(" ", 1)[0] ?? "";
}

function rest(line: string): string {
  return line.slice(line.indexOf(" ") + 1);
}
