import { isIP } from "node:net";
import type { Problem } from "../errors.ts";
import type { ClusterHost } from "./cluster.ts";

/**
 * Where nodes find the API, and what keeps it there. Plain data. `address` is one host's own; `vip` an address that
 * moves between control-plane hosts; `external` somebody else's load balancer; `nodeLocal` a small balancer on each node.
 */
export interface Endpoint<Text = string> {
  readonly mode: "address" | "vip" | "external" | "nodeLocal";
  /** What nodes dial. With `nodeLocal` that is the node itself. */
  readonly host: Text;
  readonly port: number;
  /** With `nodeLocal` alone: the node addresses of all control-plane hosts, by logical name. */
  readonly peers?: Readonly<Record<string, Text>>;
}

/** An endpoint as people write it. One of these, never two. */
export type EndpointSpec<Text = string> =
  /** A balancer on every node: needs nothing of the network. */
  | "nodeLocal"
  /** An unused address of the control-plane hosts' network; keepalived moves it. `port` is the API servers'. */
  | Form<"vip", Text>
  /** A load balancer, or a name with several addresses, that somebody else keeps. */
  | Form<"external", Text>
  /** The address of the one control-plane host. `port` is the API server's. */
  | Form<"address", Text>;

type Forms = "vip" | "external" | "address";
type Form<Name extends Forms, Text> = Readonly<Record<Name, Text>> & { readonly port?: number } & Readonly<
    Partial<Record<Exclude<Forms, Name>, never>>
  >;

/** Where API servers listen unless an address or vip says otherwise. */
export const defaultApiPort = 6443;

/** Where each node's balancer listens: beside the API server of a control-plane host. */
export const balancerPort = 7443;

/** Stands for an endpoint that a preview cannot know. Reserved, never used by a host. */
export const unknownEndpoint = "192.0.2.254";

/**
 * Fills in an endpoint. One control-plane host is found by its address, several by a balancer on each node.
 *
 * @param addresses the node addresses of the control-plane hosts, by logical name
 */
export function completeEndpoint<Text>(
  spec: EndpointSpec<Text> | undefined,
  addresses: Readonly<Record<string, Text>>,
): Endpoint<Text | string> {
  const [first = "", ...more] = Object.values(addresses);
  if (spec === undefined) {
    return more.length > 0
      ? completeEndpoint("nodeLocal", addresses)
      : { mode: "address", host: first, port: defaultApiPort };
  }
  if (spec === "nodeLocal") return { mode: spec, host: "127.0.0.1", port: balancerPort, peers: addresses };
  const { port = defaultApiPort } = spec;
  if (spec.vip !== undefined) return { mode: "vip", host: spec.vip, port };
  if (spec.external !== undefined) return { mode: "external", host: spec.external, port };
  return { mode: "address", host: spec.address ?? "", port };
}

/** Where the API servers themselves listen. */
export function apiPortOf({ mode, port }: Pick<Endpoint, "mode" | "port">): number {
  return mode === "address" || mode === "vip" ? port : defaultApiPort;
}

/** `host:port`, with an IPv6 address in brackets. */
export function authorityOf({ host, port }: Pick<Endpoint, "host" | "port">): string {
  return `${host.includes(":") ? `[${host}]` : host}:${String(port)}`;
}

/** The API's address for clients outside the cluster, by name: several with `nodeLocal`, of which any serves. */
export function clientServers(endpoint: Endpoint, name: string): Readonly<Record<string, string>> {
  const { peers } = endpoint;
  if (endpoint.mode !== "nodeLocal" || peers === undefined)
    return { [name]: `https://${authorityOf(endpoint)}` };
  const port = apiPortOf(endpoint);
  const servers = Object.entries(peers).sort(([left], [right]) => (left < right ? -1 : 1));
  const urls = servers.map(([peer, host]) => [`${name}-${peer}`, `https://${authorityOf({ host, port })}`]);
  return Object.fromEntries([[name, urls[0]?.[1]], ...urls]) as Record<string, string>;
}

/** What is wrong with an endpoint among its hosts; whether their networks carry it, only facts tell. Pure. */
export function endpointProblems(
  endpoint: Endpoint,
  hosts: readonly Pick<ClusterHost, "name" | "role" | "nodeAddress">[],
): readonly Problem[] {
  const controlPlanes = hosts.filter(({ role }) => role === "controlPlane").length;
  const holder = hosts.find(({ nodeAddress }) => nodeAddress === endpoint.host);
  const messages = [
    ...(isPort(endpoint.port) ? [] : [`${String(endpoint.port)} is not a port`]),
    ...judgments[endpoint.mode]({ host: endpoint.host, holder: holder?.name, controlPlanes }),
  ];
  return messages.map((message) => ({ code: "KEELSON_INVALID_INPUT", where: "endpoint", message }));
}

interface Named {
  readonly host: string;
  /** The host whose node address it is. */
  readonly holder: string | undefined;
  readonly controlPlanes: number;
}

const judgments: Readonly<Record<Endpoint["mode"], (named: Named) => readonly string[]>> = {
  address: ({ host, controlPlanes }) => [
    ...(host === "" && controlPlanes > 0
      ? ['it is neither "nodeLocal" nor an address, vip or external']
      : []),
    ...(controlPlanes > 1 ? [single(host, controlPlanes)] : []),
  ],
  vip: ({ host, holder }) => [
    ...(isIP(host) > 0 ? [] : [`vip "${host}" is not an IP address`]),
    ...(holder === undefined ? [] : [`vip "${host}" is the address of "${holder}", but must be nobody's`]),
  ],
  external: ({ host, holder, controlPlanes }) => [
    ...(isIP(host) > 0 || dnsName.test(host)
      ? []
      : [`external "${host}" is neither a DNS name nor an IP address`]),
    ...(holder !== undefined && controlPlanes > 1 ? [single(host, controlPlanes)] : []),
  ],
  nodeLocal: () => [],
};

const dnsName =
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\.?$/i;

function single(host: string, controlPlanes: number): string {
  return `"${host}" is one host's address, but there are ${String(controlPlanes)} control-plane hosts: use "nodeLocal", a vip or an external load balancer`;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65536;
}
