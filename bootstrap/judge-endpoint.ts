import { cidrAround, contains, formatCidr } from "../clusters/cidr.ts";
import { unknownEndpoint } from "../clusters/endpoint.ts";
import type { Finding, Judged } from "./judged.ts";
import { routerIdOf } from "./phases/virtual-address.ts";

/** Whether a host can carry the cluster's endpoint, or find it. */
export function judgeEndpoint(judged: Judged): Finding[] {
  const { endpoint } = judged.cluster;
  if (endpoint.host === unknownEndpoint) return [];
  if (endpoint.mode === "vip" && judged.host.role === "controlPlane") return judgeVirtualAddress(judged);
  if (endpoint.mode === "external" && judged.facts.resolves?.[endpoint.host] === false) {
    return [["KEELSON_INVALID_INPUT", `cannot resolve the endpoint's name "${endpoint.host}"`]];
  }
  return [];
}

function judgeVirtualAddress({ cluster, facts }: Judged): Finding[] {
  const { host: address } = cluster.endpoint;
  const own = facts.addresses
    .filter((entry) => entry.address !== address)
    .map((entry) => cidrAround(entry.address, entry.prefixLength))
    .filter((range) => range !== undefined);
  const findings: Finding[] = [];
  if (own.length > 0 && !own.some((range) => contains(range, address))) {
    const networks = own.map(formatCidr).join(", ");
    findings.push(["KEELSON_INVALID_INPUT", `the vip ${address} is in none of its networks: ${networks}`]);
  }
  const id = routerIdOf(address);
  if (facts.routerIds?.includes(id) === true) {
    const message = `its own keepalived has the router id ${String(id)} of the vip ${address} already`;
    findings.push(["KEELSON_INVALID_INPUT", message]);
  }
  return findings;
}
