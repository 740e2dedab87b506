import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A way to a port of this computer that is as long as a round trip over a network, and that can go dead. */
export class SlowWay {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isDead = false;

  private constructor(port: number, roundTripMs: number) {
    this.#server = createServer((client) => {
      this.#serve(client, port, roundTripMs);
    });
  }

  /** Opens a way on a free port; a round trip takes so many milliseconds longer. */
  static async to(port: number, roundTripMs: number): Promise<SlowWay> {
    const opened = new SlowWay(port, roundTripMs);
    opened.#server.listen(0, "127.0.0.1");
    await once(opened.#server, "listening");
    return opened;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on connections are taken and nothing is ever said: a host that lost its power behind a balancer. */
  die(): void {
    this.#isDead = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  revive(): void {
    this.#isDead = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.die();
    this.#server.close();
  }

  #serve(client: Socket, port: number, roundTripMs: number): void {
    this.#keep(client);
    if (this.#isDead) return;
    const server = connect({ host: "127.0.0.1", port, noDelay: true });
    client.setNoDelay(true);
    this.#keep(server);
    const opened = performance.now();
    // A handshake takes a round trip before the first byte may leave.
    pass(client, server, () => Math.max(roundTripMs / 2, opened + 1.5 * roundTripMs - performance.now()));
    pass(server, client, () => roundTripMs / 2);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

/** Passes on what comes, in its order, as late as it is told. */
function pass(from: Socket, to: Socket, delayMs: () => number): void {
  let due = 0;
  const later = (work: () => void): void => {
    due = Math.max(due, performance.now() + delayMs());
    setTimeout(work, Math.max(0, due - performance.now()));
  };
  from.on("data", (chunk: Buffer) => {
    later(() => {
      if (!to.destroyed) to.write(chunk);
    });
  });
  from.once("close", () => {
    later(() => to.destroy());
  });
}
