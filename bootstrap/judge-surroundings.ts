import type { HostFacts } from "../clusters/facts.ts";
import type { Finding, Judged } from "./judged.ts";

/** Certificates begin that long before they are made, by the clock of the computer that makes them. */
const certificateSlackMs = 5 * 60 * 1000;

/** What around the cluster keeps it from working on a host: its clock, its names. */
export function judgeSurroundings({ facts }: Pick<Judged, "facts">): Finding[] {
  return [...judgeClock(facts), ...judgeNames(facts)];
}

function judgeClock({ clockOffsetMs }: HostFacts): Finding[] {
  if (clockOffsetMs > -certificateSlackMs) return [];
  const seconds = String(Math.round(-clockOffsetMs / 1000));
  const message = `its clock is ${seconds} s behind this computer's: certificates would not be valid yet`;
  return [["KEELSON_HOST_CLOCK_SKEW", message]];
}

/** kubeadm, the kubelet and its probes ask for `localhost`. */
function judgeNames({ names: { localhost } }: HostFacts): Finding[] {
  const strange = localhost.filter((address) => !address.startsWith("127."));
  if (strange.length === 0 && localhost.length > 0) return [];
  const has = localhost.length === 0 ? "no IPv4 address" : strange.join(", ");
  return [["KEELSON_HOST_UNSUPPORTED", `"localhost" has ${has}, and not 127.0.0.1: mend /etc/hosts`]];
}
