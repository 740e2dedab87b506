import { readFile } from "node:fs/promises";
import { KeelsonError } from "../errors.ts";
import { readOpenSshConfig } from "./openssh-config.ts";
import type { OpenSshConfig } from "./openssh-config.ts";
import type { Connection } from "./runner.ts";
import { certifies } from "./ssh-certificate.ts";
import { publicKeyOf } from "./ssh-client.ts";
import type { LoginKey } from "./ssh-client.ts";

/** How a host is logged in to, after everything was looked up. Holds secrets. */
export interface Login {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Offered in this order. */
  readonly keys: readonly LoginKey[];
  /** Path of the agent's socket, asked after the keys. */
  readonly agent: string | undefined;
  /** The only public keys that the agent may offer. @default - all that it has */
  readonly agentKeys: readonly Buffer[] | undefined;
  readonly bastion: Connection | undefined;
  /** Where OpenSSH keeps the keys of hosts, if its configuration is used. */
  readonly openSsh: Pick<OpenSshConfig, "knownHostsFiles" | "hostKeyAlias" | "isStrict"> | undefined;
}

/**
 * Finds out how to log in: from the settings alone, or with what this computer's OpenSSH configuration adds to them.
 *
 * @throws KeelsonError what `readOpenSshConfig` throws; KEELSON_NOT_SUPPORTED for a ProxyCommand
 */
export async function resolveLogin(connection: Connection, agent: string | undefined): Promise<Login> {
  const given = givenKeys(connection);
  const spare = given.length > 0 ? undefined : agent;
  if (connection.sshConfig === true) return resolveWithConfig(connection, given, spare);
  const { address, port = 22, user = "root", bastion } = connection;
  return {
    address,
    port,
    user,
    keys: given,
    agent: spare,
    agentKeys: undefined,
    bastion,
    openSsh: undefined,
  };
}

async function resolveWithConfig(
  connection: Connection,
  given: readonly LoginKey[],
  agent: string | undefined,
): Promise<Login> {
  const { address, port, user, passphrase, bastion } = connection;
  const config = await readOpenSshConfig({ address, user, port });
  if (bastion === undefined && config.proxyCommand !== undefined) throw proxyCommandRefused(address);
  const here = { address: config.hostName, port: port ?? config.port, user: user ?? config.user };
  const way = { bastion: bastion ?? bastionOf(config), openSsh: config };
  if (given.length > 0) return { ...here, ...way, keys: given, agent: undefined, agentKeys: undefined };
  const { keys, publicKeys } = await readIdentities(config, passphrase);
  const agentKeys = config.identitiesOnly ? publicKeys : undefined;
  return { ...here, ...way, keys, agent: agentOf(config, agent), agentKeys };
}

function givenKeys({ privateKey, passphrase, certificate }: Connection): LoginKey[] {
  if (privateKey === undefined) return [];
  const more = {
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(certificate === undefined ? {} : { certificate }),
  };
  return [{ privateKey, ...more }];
}

function agentOf({ identityAgent }: OpenSshConfig, agent: string | undefined): string | undefined {
  if (identityAgent === undefined) return agent;
  return identityAgent === "" ? undefined : identityAgent;
}

/** A chain: each hop is dialled through the one before it, and the host through the last. */
function bastionOf({ proxyJump }: OpenSshConfig): Connection | undefined {
  return proxyJump.reduce<Connection | undefined>(
    (bastion, jump) => ({ ...jump, sshConfig: true, ...(bastion === undefined ? {} : { bastion }) }),
    undefined,
  );
}

/** The identity files that are there and open; the public halves tell an agent which of its keys are meant. */
async function readIdentities(
  { identityFiles, certificateFiles }: OpenSshConfig,
  passphrase: string | undefined,
): Promise<{ keys: LoginKey[]; publicKeys: Buffer[] }> {
  const keys: LoginKey[] = [];
  const publicKeys: Buffer[] = [];
  const certificates = await readAll(certificateFiles);
  for (const path of identityFiles) {
    const [privateKey, publicHalf, ownCertificate] = await Promise.all(
      [path, `${path}.pub`, `${path}-cert.pub`].map(readIfThere),
    );
    const key = { privateKey: privateKey ?? "", ...(passphrase === undefined ? {} : { passphrase }) };
    const opened = privateKey === undefined ? undefined : publicKeyOf(key);
    const publicKey = opened ?? publicPart(publicHalf);
    if (publicKey !== undefined) publicKeys.push(publicKey);
    if (opened === undefined) continue;
    const own = [ownCertificate ?? "", ...certificates].filter((each) => certifies(each, opened));
    keys.push(...own.map((certificate) => ({ ...key, certificate })), key);
  }
  return { keys, publicKeys };
}

function publicPart(line: string | undefined): Buffer | undefined {
  const body = line?.trim().split(/\s+/)[1];
  return body === undefined ? undefined : Buffer.from(body, "base64");
}

async function readAll(paths: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(paths.map(readIfThere));
  return texts.filter((text) => text !== undefined);
}

/** A file that is missing or not ours to read is passed over, as `ssh` does. */
async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

function proxyCommandRefused(address: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_NOT_SUPPORTED",
    `Cannot reach "${address}": its OpenSSH configuration has a ProxyCommand, but only ProxyJump is supported`,
    { fix: "Use ProxyJump, or give the bastion in the program" },
  );
}
