import { readFile } from "node:fs/promises";
import { KeelsonError } from "../errors.ts";
import { fingerprint, parseHostKeys } from "./host-keys.ts";
import type { KnownHosts } from "./host-keys.ts";
import type { Login } from "./login.ts";
import { findKnownKeys, knownHostName } from "./openssh-known-hosts.ts";
import type { Connection } from "./runner.ts";

/** Which keys a host may present. */
export interface Trust {
  /** In wire form; empty before the first contact, which pins whatever key it sees. */
  readonly keys: readonly Buffer[];
  /** Keys that are never accepted. */
  readonly revoked: readonly Buffer[];
  /** The name under which a first contact is pinned. */
  readonly pinName: string;
  /** Where the keys come from, for messages. */
  readonly source: string;
  /** What someone does who installed the host anew. */
  readonly renewal: string;
}

/**
 * Finds the keys that a host may present: its `hostKey`, or those that OpenSSH knows if its configuration is used, or
 * the one that an earlier contact pinned.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if `hostKey` is no key; KEELSON_HOST_KEY_CHANGED if OpenSSH would refuse an
 * unknown host; KEELSON_NOT_SUPPORTED if only a certificate authority vouches for it
 */
export async function findTrust(connection: Connection, login: Login, pins: KnownHosts): Promise<Trust> {
  const pinName = pinNameOf(login);
  const { hostKey } = connection;
  if (hostKey !== undefined) {
    const renewal = "set its hostKey to the new key";
    return { keys: parseHostKeys(hostKey), revoked: [], pinName, source: "its hostKey", renewal };
  }
  const known = login.openSsh === undefined ? undefined : await knownToOpenSsh(login, login.openSsh);
  if (known !== undefined && known.keys.length > 0) return { ...known, pinName };
  const isFile = pins.place.includes("/");
  return {
    keys: await pins.find(pinName),
    revoked: known?.revoked ?? [],
    pinName,
    source: pins.place,
    renewal: isFile ? `delete its line "${pinName}" from ${pins.place}` : "run the program again",
  };
}

/** Whether a host may go on that presents this key. */
export function accepts(trust: Trust, key: Buffer): boolean {
  if (trust.revoked.some((each) => each.equals(key))) return false;
  return trust.keys.length === 0 || trust.keys.some((each) => each.equals(key));
}

/** The error of a host that presents a key which is not accepted. */
export function keyRefused(host: string, trust: Trust, presented: Buffer): KeelsonError {
  const { keys, source, renewal } = trust;
  const seen = `it presents the key ${fingerprint(presented)}`;
  const pinned = keys.map(fingerprint).join(" or ");
  const why = keys.length === 0 ? "which is revoked in the known hosts" : `but ${source} pins ${pinned}`;
  return new KeelsonError("KEELSON_HOST_KEY_CHANGED", `Cannot trust ${host}: ${seen}, ${why}`, {
    fix: `If the host was installed anew on purpose, ${renewal}; otherwise find out who answers`,
  });
}

async function knownToOpenSsh(
  { address, port }: Login,
  { knownHostsFiles, hostKeyAlias, isStrict }: NonNullable<Login["openSsh"]>,
): Promise<Omit<Trust, "pinName">> {
  const name = hostKeyAlias ?? knownHostName(address, port);
  const texts = await Promise.all(knownHostsFiles.map((path) => readFile(path, "utf8").catch(() => "")));
  const known = findKnownKeys(texts.join("\n"), name);
  if (known.keys.length === 0 && known.hasAuthority) throw authorityRefused(name);
  if (known.keys.length === 0 && isStrict) throw unknownRefused(name);
  return {
    keys: known.keys,
    revoked: known.revoked,
    source: "the known hosts of OpenSSH",
    renewal: `run ssh-keygen -R "${name}"`,
  };
}

/** Two private networks may use the same addresses: behind a bastion, its name is part of the pin's. */
function pinNameOf({ address, port, bastion }: Login): string {
  const via = bastion === undefined ? "" : `%[${bastion.address}]:${bastion.port ?? 22}`;
  return `[${address}]:${port}${via}`;
}

function authorityRefused(name: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_NOT_SUPPORTED",
    `Cannot trust "${name}": its known hosts hold a certificate authority, but no key of the host itself`,
    { fix: "Give the host's own public key as hostKey: certificates of hosts are not supported" },
  );
}

function unknownRefused(name: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_HOST_KEY_CHANGED",
    `Cannot trust "${name}": StrictHostKeyChecking is set, and no known hosts hold a key of it`,
    { fix: "Give its hostKey, or add its key to the known hosts" },
  );
}
