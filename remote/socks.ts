import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ByteReader } from "./byte-reader.ts";

export interface SocksOptions {
  /** Of 127.0.0.1; 0 for any. */
  readonly port: number;
  readonly user: string;
  /** A secret: without it, nobody on this computer gets through. */
  readonly password: string;
  /** A client that knows the password asks this listener to leave its port; it is answered when the port is free. */
  readonly onLeave?: () => void;
  /** Makes the connection that a client asks for. */
  readonly dial: (host: string, port: number) => Promise<Duplex>;
}

export interface SocksListener {
  readonly port: number;
  /** Ends the listener and everything that goes through it. */
  close(): Promise<void>;
}

const handshakeMs = 10_000;
const version = 5;
const method = { password: 2, none: 0xff };
const connectCommand = 1;
/** Of our own: the port is wanted by another listener. */
export const leaveCommand = 0x7f;
const reply = { done: 0, failed: 1, unreachable: 4, notSupported: 7 };

/**
 * Listens on this computer for SOCKS 5 clients with a user name and a password (RFC 1928, RFC 1929).
 *
 * @throws Error with the code EADDRINUSE if the port is taken
 */
export async function listenForSocks(options: SocksOptions): Promise<SocksListener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // A client that vanishes has nobody to be told.
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    serve(socket, { ...options, leave }).catch(() => {
      socket.destroy();
    });
  });
  // Who is connected stays so.
  const leave = (): void => {
    server.close();
    options.onLeave?.();
  };
  server.listen({ host: "127.0.0.1", port: options.port });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

async function serve(socket: Socket, options: SocksOptions & { readonly leave: () => void }): Promise<void> {
  const reader = new ByteReader(socket, AbortSignal.timeout(handshakeMs));
  const take = (length: number): Promise<Buffer> => reader.take(length);
  if (!(await isKnown(socket, take, options))) {
    socket.end();
    return;
  }
  const [, command] = await take(3);
  const target = await readTarget(take);
  reader.giveBack();
  const answer = (code: number): boolean =>
    socket.write(Buffer.from([version, code, 0, 1, 0, 0, 0, 0, 0, 0]));
  if (command !== connectCommand) {
    if (command === leaveCommand) options.leave();
    answer(command === leaveCommand ? reply.done : reply.notSupported);
    socket.end();
    return;
  }
  const stream = await options.dial(target.host, target.port).catch(() => undefined);
  answer(stream === undefined ? reply.unreachable : reply.done);
  if (stream === undefined) socket.end();
  else join(socket, stream);
}

async function isKnown(socket: Socket, take: Take, { user, password }: SocksOptions): Promise<boolean> {
  const [, count = 0] = await take(2);
  const offersPassword = (await take(count)).includes(method.password);
  socket.write(Buffer.from([version, offersPassword ? method.password : method.none]));
  if (!offersPassword) return false;
  const [, userLength = 0] = await take(2);
  const givenUser = await take(userLength);
  const [passwordLength = 0] = await take(1);
  const givenPassword = await take(passwordLength);
  const isRight = String(givenUser) === user && String(givenPassword) === password;
  socket.write(Buffer.from([1, isRight ? reply.done : reply.failed]));
  return isRight;
}

async function readTarget(take: Take): Promise<{ host: string; port: number }> {
  const [type] = await take(1);
  const host = await readHost(type, take);
  return { host, port: (await take(2)).readUInt16BE() };
}

async function readHost(type: number | undefined, take: Take): Promise<string> {
  if (type === 1) return [...(await take(4))].join(".");
  if (type === 3) return (await take((await take(1))[0] ?? 0)).toString();
  const groups = (await take(16)).toString("hex").match(/.{4}/g) ?? [];
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}

function join(socket: Socket, stream: Duplex): void {
  stream.on("error", () => socket.destroy()).once("close", () => socket.destroy());
  socket.once("close", () => stream.destroy());
  socket.pipe(stream).pipe(socket);
}

type Take = (length: number) => Promise<Buffer>;
