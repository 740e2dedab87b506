import type { Problem } from "../errors.ts";
import { contains, parseCidr } from "./cidr.ts";
import type { AddressPolicy } from "./cluster.ts";
import type { HostAddress } from "./facts.ts";

/** The first IPv4 address of a host that the policy allows; undefined if it has none. Pure. */
export function addressBy(policy: AddressPolicy, addresses: readonly HostAddress[]): string | undefined {
  return addresses.find((entry) => !entry.address.includes(":") && allows(policy, entry))?.address;
}

/** Whether a host has the address, and the policy allows it. Pure. */
export function isAllowed(
  policy: AddressPolicy,
  addresses: readonly HostAddress[],
  address: string,
): boolean {
  return addresses.some((entry) => entry.address === address && allows(policy, entry));
}

/** `10.0.0.0/8`, or `interface eth1`. */
export function describePolicy(policy: AddressPolicy): string {
  return "cidr" in policy ? policy.cidr : `interface ${policy.interface}`;
}

/** What is wrong with a policy itself. Pure. */
export function policyProblems(policy: AddressPolicy | undefined): readonly Problem[] {
  if (policy === undefined || !("cidr" in policy) || parseCidr(policy.cidr)) return [];
  const message = `"${policy.cidr}" is not an address range such as 10.0.0.0/8`;
  return [{ code: "KEELSON_INVALID_INPUT", where: "network.nodeAddresses.cidr", message }];
}

function allows(policy: AddressPolicy, entry: HostAddress): boolean {
  if ("interface" in policy) return entry.interface === policy.interface;
  const range = parseCidr(policy.cidr);
  return range !== undefined && contains(range, entry.address);
}
