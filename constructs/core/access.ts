import { checkHostName } from "./check.ts";
import type { Draft } from "./draft.ts";
import type { Late } from "../late.ts";
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
 * cluster, any address, pods of another namespace, a range of addresses, or a host outside of the cluster.
 */
export type Peer =
  | AppReference
  | "namespace"
  | "cluster"
  | "anywhere"
  | RemoteApp
  | AddressRange
  | ExternalHost;

/** The end that calls: it needs no port of its own. A host name cannot call, since only its addresses are seen. */
export type Caller = Exclude<Peer, ExternalHost> | CallerReference;

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
  /** The ports of its Service by the same names. @default - those of its pods */
  readonly servicePorts?: Readonly<Record<string, number>>;
  /** What its main port speaks, the first word of its URL. @default - not known */
  readonly scheme?: string | undefined;
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

/**
 * A host by its name. A NetworkPolicy knows addresses alone, so its ports are open to every address; `{cidr}` is
 * narrower.
 */
export interface ExternalHost {
  /** `api.example.com` for example. */
  readonly host: string;
  /** TCP ports. @default [443] */
  readonly ports?: readonly number[];
}

/** The ports that Services open on nodes; what leads there has its own port chosen late, so that all of them are meant. */
export interface NodePorts {
  /** Ranges of the nodes' addresses. */
  readonly nodes: readonly (string | Late<string>)[];
}

/** True for a host by its name. */
export function isHost(peer: unknown): peer is ExternalHost {
  return isRecord(peer) && "host" in peer;
}

/** Checks a range of addresses. */
export function checkCidr(draft: Draft, fieldPath: string, cidr: unknown): void {
  if (/^([\d.]+|[\da-f:.]+)\/\d{1,3}$/i.test(String(cidr))) return;
  draft.find("invalid-value", fieldPath, {
    message: `${JSON.stringify(cidr)} is not a range of addresses`,
    fix: 'Write the address and the length of its prefix, "203.0.113.0/24" for example',
  });
}

/** Checks the peers at one end, which may come from JavaScript or a cast. */
export function checkPeers(draft: Draft, end: keyof Access, peers: readonly unknown[]): void {
  peers.forEach((peer, index) => {
    const path = `access.${end}.${index}`;
    if (isHost(peer) && end === "to") {
      checkHostName(draft, `${path}.host`, peer.host);
      return;
    }
    if (isRecord(peer) && "cidr" in peer) {
      checkCidr(draft, `${path}.cidr`, peer["cidr"]);
      return;
    }
    const isPeer =
      typeof peer === "object" && peer !== null
        ? "name" in peer || "namespace" in peer
        : ["namespace", "cluster", "anywhere"].includes(String(peer));
    if (!isPeer) {
      draft.find("invalid-value", path, {
        message: `${JSON.stringify(peer)} is not a peer`,
        fix: `Use a construct, "namespace", "cluster", "anywhere", {namespace, app}${end === "to" ? ", {host, ports}" : ""} or {cidr, ports}`,
      });
    }
  });
}
