import { isIP } from "node:net";
import { nthAddress, parseCidr, sameAddress } from "../clusters/cidr.ts";
import type { Cluster } from "../clusters/cluster.ts";
import type { ReachableHost } from "./operation.ts";

/**
 * The name that every API server's certificate has, whatever its endpoint: by it keelson itself knows a server that it
 * reaches through a host, also while the endpoint moves.
 */
export const constantApiName = "kubernetes";

/**
 * All names and addresses under which an API server of the cluster may be asked, so that each of them can stand in for
 * another: the cluster's own, and those that the program adds. Sorted, without repetition. Pure.
 */
export function apiServerNames(
  { endpoint, network, controlPlane: settings }: Pick<Cluster, "endpoint" | "network" | "controlPlane">,
  controlPlane: readonly Pick<ReachableHost, "nodeAddress" | "connection">[],
): readonly string[] {
  const services = parseCidr(network.serviceCidr);
  const names = [
    endpoint.host,
    "127.0.0.1",
    "localhost",
    ...(services ? [nthAddress(services, 1)] : []),
    ...controlPlane.flatMap(({ nodeAddress, connection }) => [
      nodeAddress,
      ...(connection ? [connection.address] : []),
    ]),
    ...(settings?.certSans ?? []),
  ];
  return [...new Set(names)].sort();
}

/** Whether two names are the same; an IPv6 address may be written in many ways. Pure. */
export function isSameName(left: string, right: string): boolean {
  if (isIP(left) === 0 || isIP(right) === 0) return left.toLowerCase() === right.toLowerCase();
  return sameAddress(left, right);
}
