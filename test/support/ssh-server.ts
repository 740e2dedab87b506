import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Writable } from "node:stream";
import ssh2 from "ssh2";
import type { Connection as ServerConnection, ServerChannel } from "ssh2";

export interface SshServerOptions {
  /** Public keys (OpenSSH form) that may log in. */
  readonly authorized: readonly string[];
  /** Private host keys, in the order of preference of the server. @default - one ed25519 key */
  readonly hostKeys?: readonly string[];
  /** Sessions per connection, like sshd's MaxSessions. @default 10 */
  readonly maxSessions?: number;
  /** How long a session still counts after it was closed, in milliseconds; sshd takes such a moment. @default 0 */
  readonly lingerMs?: number;
  /** @default 0 - any free port */
  readonly port?: number;
  /** Placed before the PATH of commands, for stand-ins of programs. */
  readonly path?: string;
}

export interface SshServer {
  readonly port: number;
  /** How many connections were made so far. */
  readonly connections: () => number;
  /** The most sessions that were open at once. */
  readonly mostSessions: () => number;
  /** The users that logged in, one for each connection. */
  readonly users: readonly string[];
  /** The public keys that were offered, each as often as it was. */
  readonly offered: readonly string[];
  /** The command lines that were run. */
  readonly commands: readonly string[];
  /** Cuts all connections, as a power loss would. */
  readonly cut: () => void;
  readonly stop: () => Promise<void>;
}

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A fresh key pair in OpenSSH form. */
export function makeKey(type: "ed25519" | "ecdsa" = "ed25519"): KeyPair {
  if (type === "ecdsa") {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const pem = privateKey.export({ type: "sec1", format: "pem" }).toString();
    const parsed = ssh2.utils.parseKey(pem);
    if (parsed instanceof Error) throw parsed;
    return { privateKey: pem, publicKey: `${parsed.type} ${parsed.getPublicSSH().toString("base64")}` };
  }
  // One of some hundred keys that the library makes is one that it cannot read.
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519");
    if (ssh2.utils.parseKey(pair.private) instanceof Error) continue;
    return { privateKey: pair.private, publicKey: pair.public };
  }
}

/** An SSH server in this process that runs commands with the real shell and forwards TCP connections. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const state: State = { connections: 0, most: 0, users: [], offered: [], commands: [], running: new Set() };
  const sockets = new Set<Socket>();
  const hostKeys = options.hostKeys ?? [makeKey().privateKey];
  const server = new ssh2.Server({ hostKeys: [...hostKeys] }, (client) => {
    state.connections += 1;
    // A client that vanishes in the middle is part of the tests.
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      const key =
        context.method === "publickey" ? `${context.key.algo} ${context.key.data.toString("base64")}` : "";
      if (key !== "") state.offered.push(key);
      if (options.authorized.some((each) => each.startsWith(key) && key !== "")) {
        if (context.method === "publickey" && context.signature) state.users.push(context.username);
        context.accept();
      } else context.reject(["publickey"]);
    });
    client.on("ready", () => {
      serve(client, options, state);
    });
  });
  (server as unknown as { _srv: { on(event: "connection", hear: (socket: Socket) => void): void } })._srv.on(
    "connection",
    (socket) => {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    },
  );
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => state.connections,
    mostSessions: () => state.most,
    users: state.users,
    offered: state.offered,
    commands: state.commands,
    cut,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        cut();
        for (const { pid } of state.running) if (pid !== undefined) process.kill(-pid, "SIGKILL");
      }),
  };
}

interface State {
  connections: number;
  most: number;
  readonly users: string[];
  readonly offered: string[];
  readonly commands: string[];
  /** Commands outlive a lost connection, as they do on a real host. */
  readonly running: Set<ChildProcess>;
}

function serve(client: ServerConnection, options: SshServerOptions, state: State): void {
  let open = 0;
  client.on("session", (accept, reject) => {
    if (open >= (options.maxSessions ?? 10)) {
      reject();
      return;
    }
    const session = accept();
    open += 1;
    state.most = Math.max(state.most, open);
    session.on("close", () => {
      const forget = (): void => {
        open -= 1;
      };
      if (options.lingerMs === undefined) forget();
      else setTimeout(forget, options.lingerMs);
    });
    session.on("exec", (acceptExec, _reject, info) => {
      state.commands.push(info.command);
      const child = run(acceptExec(), info.command, options.path);
      state.running.add(child);
      child.once("exit", () => state.running.delete(child));
    });
  });
  client.on("tcpip", (accept, reject, info) => {
    const socket = connect(info.destPort, info.destIP);
    socket.once("connect", () => {
      const channel = accept();
      channel.on("error", () => undefined);
      channel.pipe(socket).pipe(channel);
      channel.once("close", () => socket.destroy());
      socket.once("close", () => {
        channel.close();
      });
    });
    socket.once("error", () => {
      reject();
    });
  });
}

function run(channel: ServerChannel, command: string, path: string | undefined): ChildProcess {
  const env =
    path === undefined ? process.env : { ...process.env, PATH: `${path}:${process.env["PATH"] ?? ""}` };
  const child = spawn("sh", ["-c", command], { detached: true, stdio: "pipe", env });
  channel.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  channel.pipe(child.stdin);
  const send = inTurns(channel);
  child.stdout.on("data", (chunk: Buffer) => void send(channel, chunk));
  child.stderr.on("data", (chunk: Buffer) => void send(channel.stderr, chunk));
  // As sshd does: the exit status is sent when the process ends, the end when nobody holds its output any more.
  child.once("exit", (code, signal) => {
    if (code === null) channel.exit((signal ?? "SIGTERM").slice(3));
    else channel.exit(code);
  });
  child.once("close", () => {
    void send(channel, Buffer.alloc(0)).then(() => channel.stderr.end(() => channel.end()));
  });
  channel.once("close", () => {
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  });
  return child;
}

/**
 * Writes to a channel's two streams, one after the other. Where both wait for room, ssh2's server forgets the errors, and
 * where one waits after the other has, it sends the other's last piece again.
 */
function inTurns(channel: ServerChannel): (stream: Writable, chunk: Buffer) => Promise<void> {
  let last = Promise.resolve();
  return (stream, chunk) => {
    last = last.then(async () => {
      await new Promise<void>((resolve) =>
        stream.write(chunk, () => {
          resolve();
        }),
      );
      Object.assign(channel, {
        _chunk: undefined,
        _chunkcb: undefined,
        _chunkErr: undefined,
        _chunkcbErr: undefined,
      });
    });
    return last;
  };
}
