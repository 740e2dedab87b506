import { unitPrefix } from "../unit.ts";
import type { Sections } from "./sections.ts";

/** The part of the facts script that lists which of these services run or are on their way, and the units of a run. */
export function listedUnitsPart(services: readonly string[]): string {
  const names = services.map((service) => `${service}.service`).join(" ");
  return `
section listedUnits; systemctl list-units --plain --no-legend --state=active,activating,deactivating ${names} '${unitPrefix}*'`;
}

/** Unit by unit: `chrony.service loaded active running chrony, an NTP client/server`. */
export function listedUnits({
  lines,
}: Sections): readonly { readonly name: string; readonly state: string }[] {
  return lines("listedUnits").map((line) => {
    const [name = "", , state = ""] = line.trim().split(/\s+/);
    return { name, state };
  });
}

/** The units of a run that has not come to its end. */
export function parseRunning(sections: Sections): readonly string[] {
  return listedUnits(sections).flatMap(({ name }) => (name.startsWith(unitPrefix) ? [name] : []));
}
