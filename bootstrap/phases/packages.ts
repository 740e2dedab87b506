import type { Cluster, ClusterHost } from "../../clusters/cluster.ts";
import { command } from "../../remote/quote.ts";
import { runUnit } from "../unit.ts";
import type { Phase } from "../view.ts";

/** The Debian package that brings each command which Kubernetes, or a later reset, calls on a host. */
export const packageOfCommand: Readonly<Record<string, string>> = {
  conntrack: "conntrack",
  ipset: "ipset",
  iptables: "iptables",
  losetup: "mount",
  modprobe: "kmod",
  nft: "nftables",
};

/** The same for one host: how the cluster's endpoint is kept decides what else there must be. */
export function packagesFor({
  cluster: { endpoint },
  host: { role },
}: {
  readonly cluster: Pick<Cluster, "endpoint">;
  readonly host: Pick<ClusterHost, "role">;
}): Readonly<Record<string, string>> {
  return {
    ...packageOfCommand,
    ...(endpoint.mode === "nodeLocal" && { haproxy: "haproxy" }),
    ...(endpoint.mode === "vip" && role === "controlPlane" && { keepalived: "keepalived", curl: "curl" }),
  };
}

/** Installs the operating system's packages that are missing. */
export const packages: Phase = {
  title: "packages",
  plan: (view) => {
    const missing = Object.entries(packagesFor(view)).filter(([name]) => !view.facts.commands.includes(name));
    if (missing.length === 0) return [];
    const names = [...new Set(missing.map(([, name]) => name))].sort();
    return [
      {
        intent: `install packages ${names.join(", ")}`,
        work: (context) =>
          runUnit(context, { name: "packages", script: installScript(names), deadlineSeconds: 600 }),
      },
    ];
  },
};

/** Package lists are read anew only if the first attempt fails: most hosts have them. */
function installScript(names: readonly string[]): string {
  return `
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C
[ -z "$(ls /var/lib/dpkg/updates)" ] || dpkg --force-confold --configure -a
install() { ${command`apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 install --no-install-recommends -y ${names}`}; }
have_lists() { ls /var/lib/apt/lists | grep -q _Packages; }
{ have_lists && install; } || { apt-get -qq -o DPkg::Lock::Timeout=300 update && install; } || exit
${idle(names)}`;
}

/** A package's own service starts with it, but keelson runs a unit of its own. What was there before is let alone. */
function idle(names: readonly string[]): string {
  const services = names.filter((name) => withService.has(name)).map((name) => `${name}.service`);
  return services.length === 0 ? "" : command`systemctl disable --quiet --now ${services}`;
}

const withService = new Set(["haproxy", "keepalived"]);
