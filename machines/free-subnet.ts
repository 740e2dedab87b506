import { KeelsonError } from "../errors.ts";

const firstBlock = 128;
const blocks = 64;
const candidates = blocks * 256;

/**
 * A /24 network in 10.128.0.0/10 that overlaps none of the used ones, always the same for the same input.
 * That range is clear of the pod and service ranges that clusters have by default.
 *
 * Throws KEELSON_NETWORK_OVERLAP if every network is taken
 */
export function freeSubnet(used: readonly string[], seed: string): string {
  const ranges = used.map(parseRange).filter((range) => range !== undefined);
  const start = hash(seed) % candidates;
  for (let step = 0; step < candidates; step++) {
    const index = (start + step) % candidates;
    const subnet = `10.${String(firstBlock + (index >> 8))}.${String(index & 255)}.0/24`;
    const range = parseRange(subnet);
    if (range !== undefined && !ranges.some((other) => overlaps(range, other))) return subnet;
  }
  throw new KeelsonError(
    "KEELSON_NETWORK_OVERLAP",
    "Cannot choose a subnet: every network in 10.128.0.0/10 is used",
    {
      fix: "Remove routes or fleets that are no longer needed",
    },
  );
}

/** The address of a subnet with this last number: `nthAddress("10.128.0.0/24", 7)` is `10.128.0.7`. */
export function nthAddress(subnet: string, last: number): string {
  return subnet.replace(/\d+\/\d+$/, String(last));
}

interface Range {
  readonly first: number;
  readonly last: number;
}

function overlaps(a: Range, b: Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Undefined for anything but an IPv4 address or network; host bits are ignored. */
function parseRange(text: string): Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const bytes = match.slice(1, 5).map(Number);
  const prefix = match[5] === undefined ? 32 : Number(match[5]);
  if (prefix > 32 || bytes.some((byte) => byte > 255)) return undefined;
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

function hash(text: string): number {
  let value = 2166136261;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 16777619) >>> 0;
  return value;
}
