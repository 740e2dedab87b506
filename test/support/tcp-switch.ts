import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A way to a port of this computer that a test cuts and mends: what is behind it goes on living. */
export class TcpSwitch {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isOn = true;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      this.#serve(client, port);
    });
  }

  /** Opens a way on a free port. */
  static async to(port: number): Promise<TcpSwitch> {
    const opened = new TcpSwitch(port);
    opened.#server.listen(0, "127.0.0.1");
    await once(opened.#server, "listening");
    return opened;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on nothing gets through, and what was on its way breaks off. */
  off(): void {
    this.#isOn = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  on(): void {
    this.#isOn = true;
  }

  close(): void {
    this.off();
    this.#server.close();
  }

  #serve(client: Socket, port: number): void {
    if (!this.#isOn) {
      client.destroy();
      return;
    }
    const server = connect({ host: "127.0.0.1", port });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
