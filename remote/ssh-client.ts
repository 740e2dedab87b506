import type { Duplex } from "node:stream";
import { setImmediate as immediate } from "node:timers/promises";
import ssh2 from "ssh2";
import type { ClientChannel, ConnectConfig, ServerHostKeyAlgorithm } from "ssh2";
import { KeelsonError } from "../errors.ts";
import type { HostProcess, ProcessEnd } from "./transport.ts";

/** One attempt to connect: everything is decided already, nothing is looked up. */
export interface SshAttempt {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
  /** Path of the SSH agent's socket, used when there is no key. */
  readonly agent: string | undefined;
  readonly hostKeyAlgorithms: readonly string[];
  /** Decides about the key that the host presents; false ends the attempt. */
  readonly acceptHostKey: (key: Buffer) => boolean;
  /** The stream to speak over, when a bastion made one. */
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

/** The connection ended before the request could be sent, so sending it again is safe. */
export class LinkGone extends Error {}

/**
 * Connects and authenticates once.
 *
 * @throws KeelsonError KEELSON_HOST_AUTH_FAILED; any other failure is a plain Error that names its cause
 */
export async function connect(attempt: SshAttempt): Promise<SshLink> {
  checkKey(attempt);
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
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    client.once("error", (error) => {
      reject(error.level === "client-authentication" ? authFailed(attempt, error.message) : error);
    });
    client.once("close", () => {
      reject(new Error("the host closed the connection during the handshake"));
    });
    client.connect(configOf(attempt));
  }).catch((error: unknown) => {
    client.destroy();
    attempt.stream?.destroy();
    throw error;
  });
  client.setNoDelay(true);
  return linkOf(client, gone);
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

function configOf(attempt: SshAttempt): ConnectConfig {
  const { privateKey, passphrase, agent, stream } = attempt;
  const method = privateKey === undefined ? "agent" : "publickey";
  return {
    host: attempt.address,
    port: attempt.port,
    username: attempt.user,
    readyTimeout: attempt.timeoutMs,
    keepaliveInterval: 5000,
    keepaliveCountMax: 3,
    authHandler: [method],
    hostVerifier: attempt.acceptHostKey,
    algorithms: {
      serverHostKey: attempt.hostKeyAlgorithms as ServerHostKeyAlgorithm[],
      // AES-GCM needs no separate checksum and runs in hardware: by far the fastest for large uploads.
      cipher: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr"],
    },
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(privateKey === undefined && agent !== undefined ? { agent } : {}),
    ...(stream === undefined ? {} : { sock: stream }),
  };
}

function checkKey(attempt: SshAttempt): void {
  if (attempt.privateKey === undefined) {
    if (attempt.agent === undefined)
      throw authFailed(attempt, "no private key is given and no SSH agent runs");
    return;
  }
  const parsed = ssh2.utils.parseKey(attempt.privateKey, attempt.passphrase);
  if (parsed instanceof Error) throw authFailed(attempt, `the private key cannot be used: ${parsed.message}`);
}

function authFailed({ user, address, port }: SshAttempt, cause: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_HOST_AUTH_FAILED",
    `Cannot log in to ${address}:${port} as "${user}": ${cause.charAt(0).toLowerCase()}${cause.slice(1)}`,
  );
}
