import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { KeelsonError } from "../errors.ts";

const rsa = ["rsa-sha2-512", "rsa-sha2-256"];
const known = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", ...rsa];

/** The fingerprint that `ssh-keygen -l` prints: `SHA256:…`. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The algorithm name inside a public key in SSH's wire form: `ssh-ed25519`. */
export function keyType(key: Buffer): string {
  return key.length < 4 ? "" : key.toString("latin1", 4, 4 + key.readUInt32BE(0));
}

/** A public key in OpenSSH's one-line form: `ssh-ed25519 AAAA…`. */
export function formatHostKey(key: Buffer): string {
  return `${keyType(key)} ${key.toString("base64")}`;
}

/**
 * The keys of a `hostKey` setting, in SSH's wire form.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if a line is not a public key in OpenSSH form
 */
export function parseHostKeys(text: string): readonly Buffer[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map(parseLine);
}

/**
 * Host-key algorithms to offer, those of the pinned keys first: a server presents the first one that it shares, so the
 * pinned key is the one that is seen, and a server that no longer has it shows another key instead of no key.
 */
export function hostKeyAlgorithms(pinned: readonly Buffer[]): readonly string[] {
  const wanted = pinned.flatMap((key) => (keyType(key) === "ssh-rsa" ? rsa : [keyType(key)]));
  return [...new Set([...wanted.filter((each) => known.includes(each)), ...known])];
}

/** Where first-contact keys are kept: an OpenSSH-like file, or memory if no path is given. */
export class KnownHosts {
  readonly #path: string | undefined;
  readonly #pinned = new Map<string, Buffer>();

  constructor(path?: string) {
    this.#path = path;
  }

  /** Where the pins are, for messages. */
  get place(): string {
    return this.#path ?? "the memory of this run";
  }

  /** The keys pinned for this name; none before the first contact. */
  async find(name: string): Promise<readonly Buffer[]> {
    const remembered = this.#pinned.get(name);
    const text = this.#path === undefined ? "" : await readOrEmpty(this.#path);
    const lines = text.split("\n").filter((line) => line.startsWith(`${name} `));
    const keys = lines.map((line) => parseLine(line.slice(name.length + 1)));
    // The file is the truth where there is one, so that deleting a line forgets a key at once.
    return this.#path !== undefined || remembered === undefined ? keys : [remembered];
  }

  /** Pins a key after the first contact. */
  async add(name: string, key: Buffer): Promise<void> {
    this.#pinned.set(name, key);
    if (this.#path === undefined) return;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await appendFile(this.#path, `${name} ${formatHostKey(key)}\n`, { mode: 0o600 });
  }
}

function parseLine(line: string): Buffer {
  const [type, body] = line.split(/\s+/);
  const key = Buffer.from(body ?? "", "base64");
  if (type === undefined || type === "" || keyType(key) !== type) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      `Cannot read a host key: "${line.slice(0, 40)}" is not of the form "ssh-ed25519 AAAA..."`,
    );
  }
  return key;
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
