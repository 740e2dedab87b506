import { readOptional } from "./records.ts";
import { runLocal } from "./command.ts";
import { hasTool } from "./requirements.ts";

type Rule = readonly string[];

/**
 * The iptables rules that a fleet's bridge needs, judged from `iptables -S`: none, unless this computer drops what it
 * does not know. `filtersBridges` says whether frames between ports of a bridge pass iptables too.
 */
export function bridgeRules(listing: string, filtersBridges: boolean, bridge: string): readonly Rule[] {
  const drops = (chain: string): boolean => new RegExp(`^-P ${chain} DROP$`, "m").test(listing);
  return [
    ...(drops("INPUT") ? [["INPUT", "-i", bridge, "-j", "ACCEPT"]] : []),
    ...(filtersBridges && drops("FORWARD") ? [["FORWARD", "-i", bridge, "-o", bridge, "-j", "ACCEPT"]] : []),
  ];
}

/** Lets the fleet's machines reach each other and the mirror where a firewall would not. */
export async function openFirewall(bridge: string): Promise<void> {
  const listing = await listRules();
  const filter = await readOptional("/proc/sys/net/bridge/bridge-nf-call-iptables");
  for (const rule of bridgeRules(listing, filter?.trim() === "1", bridge)) {
    if (!listing.includes(`-A ${rule.join(" ")}\n`)) await runLocal("iptables", ["--wait", "-I", ...rule]);
  }
}

/** Removes every rule that names the bridge. */
export async function closeFirewall(bridge: string): Promise<void> {
  for (const line of (await listRules()).split("\n")) {
    const rule = line.split(" ");
    if (rule[0] === "-A" && rule.includes(bridge))
      await runLocal("iptables", ["--wait", "-D", ...rule.slice(1)]);
  }
}

async function listRules(): Promise<string> {
  return (await hasTool("iptables")) ? await runLocal("iptables", ["--wait", "-S"]) : "";
}
