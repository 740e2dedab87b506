import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runLocal } from "./command.ts";
import { readOptional } from "./records.ts";

/** Key types with their sizes in bits. A larger RSA key would take seconds of every machine's first boot. */
const bits = { ed25519: 256, ecdsa: 256, rsa: 2048 } as const;

export type KeyType = keyof typeof bits;

/** Makes an OpenSSH key pair at `path` and `path.pub` if there is none; never a half one. */
export async function ensureKey(path: string, type: KeyType, comment: string): Promise<void> {
  if ((await readOptional(path)) !== undefined) return;
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  await mkdir(dirname(path), { recursive: true });
  await runLocal("ssh-keygen", [
    "-q",
    "-t",
    type,
    "-b",
    String(bits[type]),
    "-N",
    "",
    "-C",
    comment,
    "-f",
    draft,
  ]);
  await rename(`${draft}.pub`, `${path}.pub`);
  await rename(draft, path);
}

/** The public half without its comment, `ssh-ed25519 AAAA…`. */
export async function publicKey(path: string): Promise<string> {
  const [type, key] = (await readFile(`${path}.pub`, "utf8")).trim().split(" ");
  return `${type ?? ""} ${key ?? ""}`;
}

/** Where a machine's host key of a type is, below its root. */
export function hostKeyPath(root: string, type: KeyType): string {
  return join(root, "etc/ssh", `ssh_host_${type}_key`);
}
