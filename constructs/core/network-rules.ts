import type {
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "../kubernetes/types.ts";
import { type Caller, isHost, type NodePorts, type Peer } from "./access.ts";
import { nameLabel } from "./identity.ts";

/** A peer, and the ports of the called end that are open to it. */
export interface Opening<P> {
  readonly peer: P;
  /** @default - all that the called end has */
  readonly ports?: readonly number[] | undefined;
}

/** Adds an opening to a list unless what is there covers it. */
export function addOpening<P>(openings: Opening<P>[], added: Opening<P>): void {
  const isCovered = openings.some(
    ({ peer, ports }) =>
      peer === added.peer &&
      (ports === undefined || (added.ports?.every((port) => ports.includes(port)) ?? false)),
  );
  if (!isCovered) openings.push(added);
}

/** The rules that let peers reach ports of the own pods: one for each set of ports. `numbers` are all of them. */
export function ingressRules(
  openings: readonly Opening<Caller>[],
  numbers: readonly number[],
  own: string | undefined,
): readonly NetworkPolicyIngressRule[] {
  const groups = new Map<string, { readonly ports: readonly number[]; readonly peers: Caller[] }>();
  for (const { peer, ports = numbers } of openings) {
    if (ports.length === 0) continue;
    const group = groups.get(ports.join()) ?? { ports, peers: [] };
    groups.set(ports.join(), group);
    group.peers.push(peer);
  }
  return [...groups.values()].map(({ ports, peers }) => {
    const open = { ports: tcp(ports) };
    return peers.includes("anywhere")
      ? open
      : { ...open, from: peers.flatMap((peer) => selectPeer(peer, own) ?? []) };
  });
}

/** The rules that let the own pods reach peers, and DNS. */
export function egressRules(
  openings: readonly Opening<Peer | NodePorts>[],
  own: string | undefined,
): readonly NetworkPolicyEgressRule[] {
  if (openings.some(({ peer }) => peer === "anywhere")) return [{}];
  const rules = openings.map(({ peer, ports }): NetworkPolicyEgressRule => {
    if (typeof peer === "object" && "nodes" in peer) return nodePortRule(peer);
    const open = ports ?? portsOf(peer);
    const to = selectPeer(peer, own);
    return { ...(to && { to: [to] }), ...(open && { ports: tcp(open) }) };
  });
  return [dns, ...rules];
}

/** The range is that of Kubernetes: what a cluster chooses is known only once the Service is there. */
function nodePortRule({ nodes }: NodePorts): NetworkPolicyEgressRule {
  return {
    // A late address takes its text's place when the object is sent.
    to: nodes.map((cidr) => ({ ipBlock: { cidr: cidr as string } })),
    ports: [{ port: 30_000, endPort: 32_767, protocol: "TCP" }],
  };
}

const dns: NetworkPolicyEgressRule = {
  ports: [
    { port: 53, protocol: "UDP" },
    { port: 53, protocol: "TCP" },
  ],
  to: [
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    },
    // A DNS cache on the node answers at this address, where a cluster has one.
    { ipBlock: { cidr: "169.254.20.10/32" } },
  ],
};

/** Undefined for a host name, which a NetworkPolicy cannot select: its ports are open to every address. */
function selectPeer(peer: Caller | Peer, own: string | undefined): NetworkPolicyPeer | undefined {
  if (typeof peer === "string") return peer === "namespace" ? { podSelector: {} } : { namespaceSelector: {} };
  if (isHost(peer)) return undefined;
  if ("cidr" in peer) return { ipBlock: { cidr: peer.cidr } };
  const app = "name" in peer ? peer.name : peer.app;
  const pods = app === undefined ? {} : { podSelector: { matchLabels: { [nameLabel]: app } } };
  if ("name" in peer && (peer.namespace ?? own) === own) return pods;
  return {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": String(peer.namespace) } },
    ...pods,
  };
}

function portsOf(peer: Peer): readonly number[] | undefined {
  if (typeof peer === "string") return undefined;
  if ("name" in peer) return peer.ports === undefined ? [peer.port] : Object.values(peer.ports);
  if (isHost(peer)) return peer.ports ?? [443];
  return "cidr" in peer ? peer.ports : undefined;
}

function tcp(ports: readonly number[]): readonly NetworkPolicyPort[] {
  return ports.map((port) => ({ port, protocol: "TCP" }));
}
