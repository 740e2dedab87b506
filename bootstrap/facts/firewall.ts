import type { FirewallFacts } from "../../clusters/facts.ts";
import type { Sections } from "./sections.ts";

const firewalld = "org.fedoraproject.FirewallD1";
const call = `busctl call ${firewalld} /org/fedoraproject/FirewallD1`;

/**
 * The part of the facts script about the host's firewall. Each tool's own command takes a Python interpreter: its files
 * do not. A ufw before 0.36.2 knows VRRP only from a rule that somebody wrote into its own rules.
 */
export const firewallPart = `
section ufw; [ -e /etc/ufw/ufw.conf ] && grep -qsi '^ENABLED=yes' /etc/ufw/ufw.conf && { echo active; grep -h '^### tuple' /etc/ufw/user.rules
grep -qsE '^-A ufw-before-input (.* )?-p (vrrp|112) .*-j ACCEPT' /etc/ufw/before.rules && echo '### tuple ### allow vrrp any 0.0.0.0/0 any 0.0.0.0/0 in'; }
section firewalld; [ -d /etc/firewalld ] && systemctl is-active -q firewalld && {
echo active; ${call} ${firewalld} getDefaultZone; ${call} ${firewalld}.zone getActiveZones
for f in /etc/firewalld/zones/*.xml; do echo "zone $f"; cat "$f"; echo; done; }`;

export function parseFirewall(sections: Sections): FirewallFacts {
  const [ufw, ...rules] = sections.lines("ufw");
  if (ufw === "active") return { manager: "ufw", open: { "": rules.flatMap(ufwRule) }, zones: {} };
  const [state, defaultZone = "", activeZones = "", ...files] = sections.lines("firewalld");
  if (state !== "active") return { manager: "none", open: {}, zones: {} };
  const zones = { ...interfacesOf(activeZones), "": /"(.*)"/.exec(defaultZone)?.[1] ?? "public" };
  return { manager: "firewalld", open: zoneFiles(files.join("\n")), zones };
}

/** What a rule lets in, as facts say it: `tcp 2379-2380 from 10.0.0.0/8`. */
export function ruleText(protocol: string, ports: string, source: string): string {
  return [protocol, ports.replace(":", "-"), source === "" ? "" : `from ${source}`].filter(Boolean).join(" ");
}

/** `### tuple ### allow tcp 6443 0.0.0.0/0 any 10.0.0.0/8 in`: action, protocol, ports and address here, then there. */
function ufwRule(line: string): string[] {
  const [action, protocol = "", ports = "", , , source = "", direction = ""] = line.split(" ").slice(3);
  if (action !== "allow" || !direction.startsWith("in")) return [];
  return [ruleText(protocol, ports === "any" ? "" : ports, source === "0.0.0.0/0" ? "" : source)];
}

/** `a{sa{sas}} 1 "public" 1 "interfaces" 2 "eth0" "eth1"`: every list begins with its length. */
function interfacesOf(reply: string): Record<string, string> {
  const words = [...reply.matchAll(/"([^"]*)"|(\d+)/g)].map(([, text, number]) => text ?? Number(number));
  const zones: Record<string, string> = {};
  for (let zonesLeft = Number(words.shift() ?? 0); zonesLeft > 0; zonesLeft -= 1) {
    const zone = String(words.shift());
    for (let kindsLeft = Number(words.shift() ?? 0); kindsLeft > 0; kindsLeft -= 1) {
      const kind = words.shift();
      const names = words.splice(0, Number(words.shift() ?? 0));
      if (kind === "interfaces") for (const name of names) zones[String(name)] = zone;
    }
  }
  return zones;
}

function zoneFiles(text: string): Record<string, string[]> {
  const files = text.split(/^zone .*\/(.*)\.xml$/m).slice(1);
  const open: Record<string, string[]> = {};
  for (let index = 0; index < files.length; index += 2) {
    open[files[index] ?? ""] = zoneRules(files[index + 1] ?? "");
  }
  return open;
}

function zoneRules(xml: string): string[] {
  const attribute = (text: string, name: string): string =>
    new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? "";
  const port = (text: string, source: string): string =>
    ruleText(attribute(text, "protocol"), attribute(text, "port"), source);
  // A port or a whole protocol: an element of either kind names what is let in.
  const letIn = (text: string, source: string): string[] => [
    ...[...text.matchAll(/<port [^>]*>/g)].map(([element]) => port(element, source)),
    ...[...text.matchAll(/<protocol [^>]*>/g)].map(([element]) =>
      ruleText(attribute(element, "value"), "", source),
    ),
  ];
  const rich = [...xml.matchAll(/<rule\b[^>]*>([\s\S]*?)<\/rule>/g)].flatMap(([, rule = ""]) => {
    const source = attribute(/<source [^>]*>/.exec(rule)?.[0] ?? "", "address");
    return rule.includes("<accept") ? letIn(rule, source) : [];
  });
  const plain = xml.replace(/<rule\b[^>]*>[\s\S]*?<\/rule>/g, "");
  const sources = [...plain.matchAll(/<source [^>]*>/g)].map(
    ([text]) => `any from ${attribute(text, "address")}`,
  );
  return [...letIn(plain, ""), ...rich, ...sources];
}
