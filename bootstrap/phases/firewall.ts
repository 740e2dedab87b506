import type { FirewallFacts } from "../../clusters/facts.ts";
import { apiPortOf } from "../../clusters/endpoint.ts";
import type { Endpoint } from "../../clusters/endpoint.ts";
import { command } from "../../remote/quote.ts";
import { ruleText } from "../facts/firewall.ts";
import { paths } from "../paths.ts";
import type { HostView, Phase } from "../view.ts";

/** Opens, in the firewall that the host has, what its role and the pod network need; nothing where it has none. */
export const firewall: Phase = {
  title: "firewall",
  plan: ({ facts, host, cluster }) => {
    const { manager, zones } = facts.firewall;
    if (manager === "none") return [];
    const link = facts.addresses.find(({ address }) => address === host.nodeAddress)?.interface ?? "";
    const zone = zones[link] ?? zones[""] ?? "";
    const missing = neededRules({ host, cluster }).filter((rule) => !isOpen(facts.firewall, zone, rule));
    if (missing.length === 0) return [];
    const script = manager === "ufw" ? ufwScript(missing) : firewalldScript(missing, zone);
    return [
      {
        intent: `open in ${manager}: ${missing.map(textOf).join(", ")}`,
        work: async ({ runner, signal }) => {
          await runner.run("sh -s", { stdin: script, signal });
        },
      },
    ];
  },
};

/** What a host must let in. No source means anybody. */
interface Rule {
  readonly protocol: "tcp" | "udp" | "vrrp" | "any";
  /** Empty for a protocol as a whole. */
  readonly ports: string;
  readonly source: string;
}

/** The scheduler and the controller manager listen on the loopback alone; services are not the host's own traffic. */
function neededRules({ host, cluster }: Pick<HostView, "host" | "cluster">): readonly Rule[] {
  const { nodeAddresses, podCidr, cni } = cluster.network;
  const nodes = nodeAddresses !== undefined && "cidr" in nodeAddresses ? nodeAddresses.cidr : "";
  return [
    ...(host.role === "controlPlane" ? controlPlaneRules(cluster.endpoint, nodes) : []),
    { protocol: "tcp", ports: "10250", source: nodes },
    ...(cni === "canal" ? [{ protocol: "udp" as const, ports: "8472", source: nodes }] : []),
    { protocol: "any", ports: "", source: podCidr },
  ];
}

/** Control planes that do not hear each other each take the virtual address. */
function controlPlaneRules(endpoint: Endpoint, nodes: string): readonly Rule[] {
  return [
    { protocol: "tcp", ports: String(apiPortOf(endpoint)), source: "" },
    { protocol: "tcp", ports: "2379-2380", source: nodes },
    ...(endpoint.mode === "vip" ? [{ protocol: "vrrp" as const, ports: "", source: nodes }] : []),
  ];
}

function textOf({ protocol, ports, source }: Rule): string {
  return ruleText(protocol, ports, source);
}

/** A wider rule will do: of any protocol, or from anywhere. */
function isOpen({ manager, open }: FirewallFacts, zone: string, rule: Rule): boolean {
  const { protocol, ports, source } = rule;
  const rules = open[manager === "firewalld" && isTrust(rule) ? "trusted" : zone] ?? [];
  const enough = [protocol, "any"].flatMap((each) => [
    ruleText(each, ports, source),
    ruleText(each, ports, ""),
  ]);
  return enough.some((text) => rules.includes(text));
}

/** Whether everything of a source is let in, which is a zone of its own in firewalld. */
function isTrust({ protocol }: Rule): boolean {
  return protocol === "any";
}

function ufwScript(rules: readonly Rule[]): string {
  const steps = rules.map(({ protocol, ports, source }): Step => {
    const what = protocol === "any" ? [] : ["proto", protocol];
    const where = ports === "" ? [] : ["to", "any", "port", ports.replace("-", ":")];
    const words = [...what, "from", source || "any", ...where];
    return {
      run: command`ufw allow ${words} comment keelson`,
      undo: command`ufw delete allow ${words}`,
    };
  });
  return scriptOf(steps);
}

/** Now and for good: a reload would forget what others changed only for now. */
function firewalldScript(rules: readonly Rule[], zone: string): string {
  const steps = rules.flatMap((rule) =>
    [[], ["--permanent"]].map((mode): Step => {
      const words = ["firewall-cmd", "--quiet", ...mode, `--zone=${isTrust(rule) ? "trusted" : zone}`];
      const target = firewalldTarget(rule);
      return { run: command`${words} --add-${target}`, undo: command`${words} --remove-${target}` };
    }),
  );
  return scriptOf(steps);
}

function firewalldTarget(rule: Rule): string {
  const { protocol, ports, source } = rule;
  if (isTrust(rule)) return `source=${source}`;
  if (source === "") return ports === "" ? `protocol=${protocol}` : `port=${ports}/${protocol}`;
  const family = source.includes(":") ? "ipv6" : "ipv4";
  const what = ports === "" ? `protocol value="${protocol}"` : `port port="${ports}" protocol="${protocol}"`;
  return `rich-rule=rule family="${family}" source address="${source}" ${what} accept`;
}

interface Step {
  readonly run: string;
  readonly undo: string;
}

/** The way back is noted first: a rule that nobody takes away is worse than one that is not there. */
function scriptOf(steps: readonly Step[]): string {
  return [
    "set -e",
    "export LC_ALL=C",
    ...steps.flatMap(({ run, undo }) => [command`echo ${undo} >>${paths.firewallUndo}`, `${run} >/dev/null`]),
    "",
  ].join("\n");
}
