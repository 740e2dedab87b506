import type {
  NetworkPolicyEgressRule,
  NetworkPolicyIngressRule,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "../kubernetes/types.ts";
import type { Draft } from "./draft.ts";
import { nameLabel } from "./identity.ts";
import { isRecord } from "./json.ts";

/** Who may call an application, and whom it may call. Constructs named on one side are opened on both. */
export interface Access {
  /** @default - nobody */
  readonly from?: readonly Caller[];
  /** DNS is always allowed. @default - anyone */
  readonly to?: readonly Peer[];
}

/**
 * The other end of a connection: an application of this program, any pod of the own namespace, any pod of the
 * cluster, any address, pods of another namespace, or a range of addresses.
 */
export type Peer = AppReference | "namespace" | "cluster" | "anywhere" | RemoteApp | AddressRange;

/** The end that calls: it needs no port of its own. */
export type Caller = Peer | CallerReference;

/** An application that other constructs can refer to as one that calls them. */
export interface CallerReference {
  readonly name: string;
  /** Undefined for the namespace that the manifests are applied to. */
  readonly namespace: string | undefined;
}

/** An application that other constructs can call. */
export interface AppReference extends CallerReference {
  /** The port of its pods. */
  readonly port: number;
  /** All ports of its pods by name. @default - the one */
  readonly ports?: Readonly<Record<string, number>>;
}

/** Pods of a namespace that another program fills. */
export interface RemoteApp {
  readonly namespace: string;
  /** The value of their label `app.kubernetes.io/name`. @default - all pods */
  readonly app?: string;
}

/** Addresses inside or outside of the cluster. */
export interface AddressRange {
  /** `203.0.113.0/24` for example. */
  readonly cidr: string;
  /** TCP ports. @default - all ports */
  readonly ports?: readonly number[];
}

/** Checks a list of peers, which may come from JavaScript or a cast. */
export function checkPeers(draft: Draft, fieldPath: string, peers: readonly unknown[]): void {
  peers.forEach((peer, index) => {
    const path = `${fieldPath}.${index}`;
    if (isRecord(peer) && "cidr" in peer) {
      if (/^([\d.]+|[\da-f:.]+)\/\d{1,3}$/i.test(String(peer["cidr"]))) return;
      draft.find("invalid-value", `${path}.cidr`, {
        message: `${JSON.stringify(peer["cidr"])} is not a range of addresses`,
        fix: 'Write the address and the length of its prefix, "203.0.113.0/24" for example',
      });
      return;
    }
    const isPeer =
      typeof peer === "object" && peer !== null
        ? "name" in peer || "namespace" in peer
        : ["namespace", "cluster", "anywhere"].includes(String(peer));
    if (!isPeer) {
      draft.find("invalid-value", path, {
        message: `${JSON.stringify(peer)} is not a peer`,
        fix: 'Use a construct, "namespace", "cluster", "anywhere", {namespace, app} or {cidr, ports}',
      });
    }
  });
}

/** The rule that lets peers reach ports of the own pods. */
export function ingressRule(
  peers: readonly Caller[],
  numbers: readonly number[],
  own: string | undefined,
): NetworkPolicyIngressRule {
  const ports = numbers.map((port) => ({ port, protocol: "TCP" }) as const);
  return peers.includes("anywhere") ? { ports } : { ports, from: peers.map((peer) => selectPeer(peer, own)) };
}

/** The rules that let the own pods reach peers, and DNS. */
export function egressRules(
  peers: readonly Peer[],
  own: string | undefined,
): readonly NetworkPolicyEgressRule[] {
  if (peers.includes("anywhere")) return [{}];
  const rules = peers.map((peer) => {
    const ports = portsOf(peer);
    return { to: [selectPeer(peer, own)], ...(ports && { ports }) };
  });
  return [dns, ...rules];
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

function selectPeer(peer: Caller, own: string | undefined): NetworkPolicyPeer {
  if (typeof peer === "string") return peer === "namespace" ? { podSelector: {} } : { namespaceSelector: {} };
  if ("cidr" in peer) return { ipBlock: { cidr: peer.cidr } };
  const app = "name" in peer ? peer.name : peer.app;
  const pods = app === undefined ? {} : { podSelector: { matchLabels: { [nameLabel]: app } } };
  if ("name" in peer && (peer.namespace ?? own) === own) return pods;
  return {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": String(peer.namespace) } },
    ...pods,
  };
}

function portsOf(peer: Peer): readonly NetworkPolicyPort[] | undefined {
  if (typeof peer === "string") return undefined;
  if ("name" in peer) {
    const numbers = peer.ports === undefined ? [peer.port] : Object.values(peer.ports);
    return numbers.map((port) => ({ port, protocol: "TCP" }));
  }
  return "cidr" in peer ? peer.ports?.map((port) => ({ port, protocol: "TCP" })) : undefined;
}
