import { createHmac, timingSafeEqual } from "node:crypto";

/** What files in OpenSSH's known_hosts format say about one host. Keys are in SSH's wire form. */
export interface KnownKeys {
  readonly keys: readonly Buffer[];
  readonly revoked: readonly Buffer[];
  /** Whether a certificate authority vouches for the host; such lines hold no key of the host itself. */
  readonly hasAuthority: boolean;
}

/** The name that known_hosts has for a host: `box`, or `[box]:2222` for another port than 22. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** Finds a host's keys: plain names, patterns, hashed names and the markers are understood, other lines passed over. */
export function findKnownKeys(text: string, name: string): KnownKeys {
  const lines = text.split("\n").flatMap(parseLine);
  const own = lines.filter(({ hosts }) => names(hosts, name.toLowerCase()));
  const marked = (marker: string): Line[] => own.filter((line) => line.marker === marker);
  const revoked = marked("@revoked").map(({ key }) => key);
  const keys = marked("").map(({ key }) => key);
  return {
    keys: keys.filter((key) => !revoked.some((other) => other.equals(key))),
    revoked,
    hasAuthority: marked("@cert-authority").length > 0,
  };
}

interface Line {
  /** Empty for a plain line. */
  readonly marker: string;
  readonly hosts: string;
  readonly key: Buffer;
}

function parseLine(line: string): Line[] {
  const words = line.trim().split(/\s+/);
  const marker = words[0]?.startsWith("@") === true ? (words.shift() ?? "") : "";
  const [hosts = "", type = "", body = ""] = words;
  const key = Buffer.from(body, "base64");
  const isKey = key.length > 4 && key.toString("latin1", 4, 4 + key.readUInt32BE(0)) === type;
  return isKey && !hosts.startsWith("#") ? [{ marker, hosts, key }] : [];
}

function names(hosts: string, name: string): boolean {
  if (hosts.startsWith("|")) return isHashOf(hosts, name);
  const patterns = hosts.toLowerCase().split(",");
  const hits = (pattern: string): boolean => matches(pattern, name);
  if (patterns.some((pattern) => pattern.startsWith("!") && hits(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && hits(pattern));
}

/** `|1|salt|hash`, the HMAC-SHA1 of the name. */
function isHashOf(field: string, name: string): boolean {
  const [, version, salt = "", hash = ""] = field.split("|");
  if (version !== "1") return false;
  const wanted = Buffer.from(hash, "base64");
  const made = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return wanted.length === made.length && timingSafeEqual(wanted, made);
}

function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[\\^$.+()[\]{}|]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(name);
}
