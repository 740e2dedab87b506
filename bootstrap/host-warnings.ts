import type { HostFacts } from "../clusters/facts.ts";
import type { ClusterHost, Network } from "../clusters/cluster.ts";
import { isContainer } from "./view.ts";

/** Something that lets a cluster begin and may hurt it later. */
export interface HostWarning {
  readonly host: string;
  /** What is so, and what to do about it. */
  readonly message: string;
}

type Named = Pick<ClusterHost, "name" | "nodeAddress">;

/** What is worth knowing about hosts before they become a cluster. Hosts without facts are passed over. Pure. */
export function hostWarnings(
  hosts: readonly Named[],
  facts: Readonly<Record<string, HostFacts>>,
  network: Pick<Network, "mtu">,
): readonly HostWarning[] {
  const read = hosts.flatMap((host) => {
    const found = facts[host.name];
    return found ? [{ host, facts: found }] : [];
  });
  const own = read.flatMap(({ host, facts: each }) =>
    [
      ...timeWarning(each),
      ...nameWarning(each),
      ...diskWarning(each),
      ...tableWarning(each),
      ...routeWarning(each),
    ].map((message) => ({ host: host.name, message })),
  );
  return [...own, ...mtuWarnings(read, network)];
}

/** A container has its computer's clock. */
function timeWarning(facts: HostFacts): string[] {
  if (facts.timeService !== "" || isContainer(facts)) return [];
  return ["nothing keeps its clock right: install chrony, or switch systemd-timesyncd on"];
}

function nameWarning({ names: { nameservers, upstream } }: HostFacts): string[] {
  const own = nameservers.filter((address) => address.startsWith("127."));
  if (own.length === 0 || upstream !== "") return [];
  return [
    `/etc/resolv.conf names ${own.join(", ")}, which no pod can ask: name a server outside of the host`,
  ];
}

/** etcd asks for this: a member that syncs slower loses its leadership under load. */
const mostSyncMs = 10;

function diskWarning({ syncMs }: HostFacts): string[] {
  if (syncMs === undefined || syncMs <= mostSyncMs) return [];
  const message = `the disk for etcd takes ${String(syncMs)} ms to sync (99th percentile)`;
  return [`${message}, etcd wants ${String(mostSyncMs)} ms or less: use a faster disk for /var/lib/etcd`];
}

function tableWarning({ security: { legacyTables } }: HostFacts): string[] {
  if (legacyTables.length === 0) return [];
  const tables = legacyTables.join(", ");
  return [`legacy iptables filters beside nftables (${tables}): its rules may drop what pods send`];
}

function routeWarning({ routes }: HostFacts): string[] {
  const ways = routes.filter(({ destination }) => destination === "default").map((route) => route.interface);
  const links = [...new Set(ways)];
  return links.length < 2
    ? []
    : [`has default routes by ${links.join(" and ")}: answers may leave by the wrong one`];
}

/** Of the outer packet that carries a pod's one by VXLAN. */
const vxlanBytes = 50;

/** Packets between pods are as large as the sender's host allows; one with a smaller limit drops them. */
function mtuWarnings(
  read: readonly { readonly host: Named; readonly facts: HostFacts }[],
  { mtu }: Pick<Network, "mtu">,
): readonly HostWarning[] {
  const sizes = read.flatMap(({ host, facts }) => {
    const link = facts.addresses.find(({ address }) => address === host.nodeAddress);
    return link ? [{ host: host.name, link }] : [];
  });
  const wanted = mtu === undefined ? Math.max(...sizes.map(({ link }) => link.mtu)) : mtu + vxlanBytes;
  return sizes
    .filter(({ link }) => link.mtu < wanted)
    .map(({ host, link }) => {
      const has = `${link.interface} carries packets of ${String(link.mtu)} bytes`;
      const others = mtu === undefined ? "other hosts send" : `network.mtu ${String(mtu)} needs`;
      return {
        host,
        message: `${has}, ${others} ${String(wanted)}: set network.mtu to ${String(link.mtu - vxlanBytes)}`,
      };
    });
}
