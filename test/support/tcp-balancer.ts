import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { firstLiving } from "../../kube/first-living.ts";

/** A load balancer in front of hosts: each connection goes to the first that takes it. */
export class TcpBalancer {
  /** The addresses behind it, in the order in which they are tried. */
  upstreams: readonly string[] = [];
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #isClosed = false;
  readonly #server = createServer((client) => {
    this.#serve(client);
  });

  constructor(upstreamPort: number) {
    this.#port = upstreamPort;
  }

  /** Begins to listen on a free port of the address, and resolves with it. */
  async listen(address: string): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, address, resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#isClosed = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(client: Socket): void {
    this.#keep(client);
    const ways = this.upstreams.map((address) => () => this.#dial(address));
    firstLiving(ways, 500, (late) => late.destroy()).then(
      (server) => {
        client.pipe(server).pipe(client);
        client.once("close", () => server.destroy());
        server.once("close", () => client.destroy());
      },
      () => client.destroy(),
    );
  }

  #dial(address: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new Error("the balancer is closed"));
        return;
      }
      const socket = connect({ host: address, port: this.#port });
      this.#keep(socket);
      socket.once("connect", () => {
        resolve(socket);
      });
      socket.once("error", reject);
      socket.once("close", () => {
        reject(new Error("the connection was given up"));
      });
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
