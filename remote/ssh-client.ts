import { connect as connectTcp } from "node:net";
import type { Duplex } from "node:stream";
import { setImmediate as immediate } from "node:timers/promises";
import ssh2 from "ssh2";
import type {
  AnyAuthMethod as AuthMethod,
  ClientChannel,
  ConnectConfig,
  ParsedKey,
  ServerHostKeyAlgorithm,
} from "ssh2";
import { KeelsonError } from "../errors.ts";
import { allowCertificates, certifiedKey } from "./ssh-certificate.ts";
import type { HostProcess, ProcessEnd } from "./transport.ts";

/** A private key and what goes with it. Holds secrets. */
export interface LoginKey {
  /** OpenSSH or PEM. */
  readonly privateKey: string;
  readonly passphrase?: string;
  /** An OpenSSH user certificate about the key: then the key is offered by it alone. */
  readonly certificate?: string;
}

/** One attempt to connect: everything is decided already, nothing is looked up. */
export interface SshAttempt {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Offered in this order, before what an agent has. */
  readonly keys: readonly LoginKey[];
  /** Path of the SSH agent's socket. */
  readonly agent: string | undefined;
  /** The only public keys, in wire form, that the agent may offer. @default - all that it has */
  readonly agentKeys?: readonly Buffer[] | undefined;
  readonly hostKeyAlgorithms: readonly string[];
  /** Decides about the key that the host presents; false ends the attempt. */
  readonly acceptHostKey: (key: Buffer) => boolean;
  /** The stream to speak over, when a bastion made one. @default - a TCP connection */
  readonly stream: Duplex | undefined;
  readonly timeoutMs: number;
}

/** A connection that is authenticated and alive. */
export interface SshLink {
  /** @throws ChannelRefused if the server opens no further session */
  exec(line: string): Promise<HostProcess>;
  forward(address: string, port: number): Promise<Duplex>;
  /** Resolves with the reason when the connection is gone. */
  readonly gone: Promise<string>;
  /** Breaks the connection at once. */
  end(): void;
}

/** The server would not open one more session, often because of a low `MaxSessions`. */
export class ChannelRefused extends Error {}

/** sshd turns this computer away for a while, for logins that failed before (PerSourcePenalties). */
export class TurnedAway extends Error {}

/** The connection ended before the request could be sent, so sending it again is safe. */
export class LinkGone extends Error {}

/**
 * Connects and authenticates once.
 *
 * @throws KeelsonError KEELSON_HOST_AUTH_FAILED; TurnedAway; any other failure is a plain Error that names its cause
 */
export async function connect(attempt: SshAttempt): Promise<SshLink> {
  const methods = methodsOf(attempt);
  const stream = attempt.stream ?? connectTcp({ host: attempt.address, port: attempt.port });
  const client = new ssh2.Client();
  const gone = new Promise<string>((resolve) => {
    let reason = "the host closed the connection";
    client.on("error", (error) => {
      reason = error.message;
    });
    client.on("close", () => {
      resolve(reason);
    });
  });
  let greeting = "";
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    client.once("error", (error) => {
      reject(error.level === "client-authentication" ? authFailed(attempt, error.message) : error);
    });
    client.once("close", () => {
      reject(new Error("the host closed the connection during the handshake"));
    });
    client.connect(configOf(attempt, methods, stream));
    allowCertificates(client);
    stream.once("data", (chunk: Buffer) => {
      greeting = chunk.toString("latin1");
    });
  }).catch((error: unknown) => {
    client.destroy();
    stream.destroy();
    throw refusalIn(greeting) ?? error;
  });
  client.setNoDelay(true);
  return linkOf(client, gone);
}

/** A server that takes no login says so in plain text, where its version would stand. */
function refusalIn(greeting: string): Error | undefined {
  const [line = ""] = greeting.split(/\r?\n/);
  if (line === "" || line.startsWith("SSH-")) return undefined;
  const said = `sshd says "${line.replaceAll(/[^ -~]/g, "?").slice(0, 80)}"`;
  return /not allowed/i.test(line) ? new TurnedAway(said) : new Error(said);
}

function linkOf(client: ssh2.Client, gone: Promise<string>): SshLink {
  return {
    gone,
    exec: (line) => exec(client, line, gone),
    forward: (address, port) =>
      new Promise((resolve, reject) => {
        send(reject, () =>
          client.forwardOut("127.0.0.1", 0, address, port, (error, channel) => {
            if (error === undefined) resolve(channel);
            else reject(error);
          }),
        );
      }),
    end: () => {
      client.destroy();
    },
  };
}

function exec(client: ssh2.Client, line: string, gone: Promise<string>): Promise<HostProcess> {
  return new Promise((resolve, reject) => {
    send(reject, () =>
      client.exec(line, (error, channel) => {
        if (error === undefined) resolve(processOf(channel, gone));
        else
          reject(error.message.includes("Channel open failure") ? new ChannelRefused(error.message) : error);
      }),
    );
  });
}

function send(reject: (error: Error) => void, request: () => unknown): void {
  try {
    request();
  } catch (error) {
    reject(new LinkGone(error instanceof Error ? error.message : String(error)));
  }
}

function processOf(channel: ClientChannel, gone: Promise<string>): HostProcess {
  // A write after the process ended fails on a channel that is closing; the exit code tells the story.
  channel.on("error", () => undefined);
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exited: new Promise((resolve) => {
      channel.once("exit", resolve);
    }),
    ended: endOf(channel, gone),
    abandon: () => {
      channel.close();
      channel.resume();
      channel.stderr.resume();
    },
  };
}

function endOf(channel: ClientChannel, gone: Promise<string>): Promise<ProcessEnd> {
  let end: ProcessEnd | undefined;
  channel.on("exit", (code: number | null, signal?: string) => {
    end = code === null ? { how: "signalled", signal: signal ?? "unknown" } : { how: "exited", code };
  });
  return new Promise((resolve) => {
    channel.once("close", () => {
      if (end !== undefined) resolve(end);
      else void lossOf(gone).then(resolve);
    });
  });
}

/** A lost connection has resolved `gone` by the time that its channels close. */
async function lossOf(gone: Promise<string>): Promise<ProcessEnd> {
  const cause = await Promise.race([gone, immediate("the session was closed")]);
  return { how: "lost", cause };
}

function configOf(attempt: SshAttempt, methods: AuthMethod[], sock: Duplex): ConnectConfig {
  return {
    sock,
    host: attempt.address,
    port: attempt.port,
    username: attempt.user,
    readyTimeout: attempt.timeoutMs,
    keepaliveInterval: 5000,
    keepaliveCountMax: 3,
    authHandler: methods,
    hostVerifier: attempt.acceptHostKey,
    algorithms: {
      serverHostKey: attempt.hostKeyAlgorithms as ServerHostKeyAlgorithm[],
      // AES-GCM needs no separate checksum and runs in hardware: by far the fastest for large uploads.
      cipher: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"],
    },
  };
}

/** The public half of a private key, in wire form; undefined if the key cannot be opened. */
export function publicKeyOf(key: LoginKey): Buffer | undefined {
  const parsed = parseKey(key);
  return parsed instanceof Error ? undefined : parsed.getPublicSSH();
}

/** sshd ends a login after six offers, so nothing is offered that was not asked for. */
function methodsOf(attempt: SshAttempt): AuthMethod[] {
  const { user: username, keys, agent } = attempt;
  const offered = keys.map((key): AuthMethod => ({ type: "publickey", username, key: offer(attempt, key) }));
  if (agent !== undefined)
    offered.push({ type: "agent", username, agent: agentOf(agent, attempt.agentKeys) });
  if (offered.length === 0) throw authFailed(attempt, "no private key is given and no SSH agent runs");
  return offered;
}

function offer(attempt: SshAttempt, key: LoginKey): ParsedKey {
  const parsed = parseKey(key);
  if (parsed instanceof Error) throw authFailed(attempt, `the private key cannot be used: ${parsed.message}`);
  if (key.certificate === undefined) return parsed;
  const certified = certifiedKey(parsed, key.certificate);
  if (certified !== undefined) return certified;
  throw authFailed(attempt, "the certificate is not an OpenSSH user certificate of its Ed25519 or RSA key");
}

/** Opening an encrypted key takes long on purpose, and a hundred hosts may share it. */
const opened = new Map<string, ParsedKey | Error>();

function parseKey({ privateKey, passphrase }: LoginKey): ParsedKey | Error {
  const name = JSON.stringify([privateKey, passphrase]);
  const parsed = opened.get(name) ?? ssh2.utils.parseKey(privateKey, passphrase);
  opened.set(name, parsed);
  return parsed;
}

function agentOf(socket: string, only: readonly Buffer[] | undefined): string | ssh2.BaseAgent<ParsedKey> {
  return only === undefined ? socket : new SelectiveAgent(socket, only);
}

/** An agent that offers some of its keys only. */
class SelectiveAgent extends ssh2.OpenSSHAgent {
  readonly #only: readonly Buffer[];

  constructor(socket: string, only: readonly Buffer[]) {
    super(socket);
    this.#only = only;
  }

  override getIdentities(done: ssh2.IdentityCallback<ParsedKey>): void {
    const isWanted = (key: ParsedKey | ssh2.PublicKeyEntry): boolean =>
      "getPublicSSH" in key && this.#only.some((each) => each.equals(key.getPublicSSH()));
    super.getIdentities((error, keys = []) => {
      done(error, keys.filter(isWanted));
    });
  }
}

function authFailed({ user, address, port }: SshAttempt, cause: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_HOST_AUTH_FAILED",
    `Cannot log in to ${address}:${port} as "${user}": ${cause.charAt(0).toLowerCase()}${cause.slice(1)}`,
  );
}
