import type { AppReference, Peer } from "../core/access.ts";
import { isRecord } from "../core/json.ts";
import { isLate, type Late } from "../late.ts";
import { clusterSetHost } from "../cluster-set/names.ts";
import type { Dependency, ExternalService, ImportedService, UsedPort } from "./props.ts";

/** Where something that is used answers, and what must be open for it. */
export interface Resolved {
  readonly host: string | Late<string>;
  readonly port: number;
  readonly scheme: string | undefined;
  /** The ends to open, each with its ports. */
  readonly peers: readonly { readonly peer: Peer; readonly ports: readonly number[] }[];
}

/** Where a dependency answers. The name of a Service carries its namespace, so that it holds wherever the caller is. */
export function resolve(dependency: Dependency): Resolved {
  if (isImported(dependency)) return resolveImported(dependency);
  return isExternal(dependency) ? resolveExternal(dependency) : resolveProgram(portOf(dependency));
}

/** The dependencies that can be read; one that is no object is a finding, and left out. */
export function readable(uses: unknown): readonly (readonly [string, Dependency])[] {
  if (!isRecord(uses)) return [];
  const isReadable = (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    ("host" in value ||
      "imported" in value ||
      ("service" in value ? typeof value.service === "object" : "name" in value));
  return Object.entries(uses).filter((entry): entry is [string, Dependency] => isReadable(entry[1]));
}

/** True for a service that is not part of the app. */
export function isExternal(dependency: Dependency): dependency is ExternalService {
  return "host" in dependency;
}

/** True for a service of the cluster set. */
export function isImported(dependency: Dependency): dependency is ImportedService {
  return "imported" in dependency;
}

/** A program, or one port of it, as a port in full. */
export function portOf(dependency: AppReference | UsedPort): UsedPort {
  return "service" in dependency ? dependency : { service: dependency };
}

/** The name in DNS of a program's Service. */
export function hostOf({ name, namespace }: AppReference): string {
  return namespace === undefined ? name : `${name}.${namespace}`;
}

function resolveProgram({ service, port, scheme }: UsedPort): Resolved {
  const { ports = {}, servicePorts = ports } = service;
  const isMain = port === undefined || port === Object.keys(ports)[0];
  const podPort = port === undefined ? service.port : Number(ports[port]);
  const name = port ?? Object.keys(servicePorts)[0];
  return {
    host: hostOf(service),
    port: name === undefined ? podPort : (servicePorts[name] ?? podPort),
    scheme: scheme ?? (isMain ? service.scheme : undefined),
    peers: [{ peer: service, ports: [podPort] }],
  };
}

/** The ends to open depend on the cluster; see `importedPeers`. */
function resolveImported({ imported, namespace, port, scheme }: ImportedService): Resolved {
  return {
    host: clusterSetHost({ name: imported, namespace }),
    port: port ?? 80,
    scheme: scheme ?? (port === undefined ? "http" : undefined),
    peers: [],
  };
}

function resolveExternal({ host, port, scheme, cidrs }: ExternalService): Resolved {
  const addresses = cidrs ?? addressOf(host);
  const ports = [port];
  const peers: readonly Peer[] = addresses?.map((cidr) => ({ cidr, ports })) ?? [
    { host: isLate(host) ? "" : host, ports },
  ];
  return { host, port, scheme, peers: peers.map((peer) => ({ peer, ports })) };
}

function addressOf(host: string | Late<string>): readonly string[] | undefined {
  if (typeof host !== "string") return undefined;
  if (/^\d+(\.\d+){3}$/.test(host)) return [`${host}/32`];
  return host.includes(":") ? [`${host}/128`] : undefined;
}
