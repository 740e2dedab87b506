import ipaddr from "ipaddr.js";

/** An address range, parsed. */
export type Cidr = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** The range that a text such as `10.244.0.0/16` names; undefined if it is none, or has bits beyond its prefix. */
export function parseCidr(text: string): Cidr | undefined {
  if (!ipaddr.isValidCIDR(text)) return undefined;
  const [address, length] = ipaddr.parseCIDR(text);
  return networkOf(address, length).toString() === address.toString() ? [address, length] : undefined;
}

/** The range in which an address with a prefix length lies, `10.0.0.7/24` for example; undefined if it is none. */
export function cidrAround(address: string, prefixLength: number): Cidr | undefined {
  const text = `${address}/${String(prefixLength)}`;
  if (!ipaddr.isValidCIDR(text)) return undefined;
  const [parsed, length] = ipaddr.parseCIDR(text);
  return [networkOf(parsed, length), length];
}

/** Whether two ranges share an address. Ranges of different families never do. */
export function overlaps(left: Cidr, right: Cidr): boolean {
  if (left[0].kind() !== right[0].kind()) return false;
  const length = Math.min(left[1], right[1]);
  return networkOf(left[0], length).toString() === networkOf(right[0], length).toString();
}

/** Whether an address lies in a range. */
export function contains(range: Cidr, address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  return overlaps(range, [parsed, parsed.kind() === "ipv4" ? 32 : 128]);
}

/** Whether two texts are the same address, however they are written. */
export function sameAddress(left: string, right: string): boolean {
  return ipaddr.parse(left).toNormalizedString() === ipaddr.parse(right).toNormalizedString();
}

/** The last byte of an address. */
export function lastByte(address: string): number {
  return ipaddr.parse(address).toByteArray().at(-1) ?? 0;
}

/** The nth address of a range, counted from its own address. */
export function nthAddress(range: Cidr, index: number): string {
  const bytes = range[0].toByteArray();
  let carry = index;
  for (let position = bytes.length - 1; position >= 0 && carry > 0; position -= 1) {
    const sum = (bytes[position] ?? 0) + carry;
    bytes[position] = sum & 0xff;
    carry = sum >> 8;
  }
  return ipaddr.fromByteArray(bytes).toString();
}

/** `10.0.0.0/24`, as it is written. */
export function formatCidr([address, length]: Cidr): string {
  return `${address.toString()}/${String(length)}`;
}

function networkOf(address: ipaddr.IPv4 | ipaddr.IPv6, length: number): ipaddr.IPv4 | ipaddr.IPv6 {
  const bytes = address.toByteArray().map((byte, index) => {
    const kept = Math.min(8, Math.max(0, length - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return ipaddr.fromByteArray(bytes);
}
