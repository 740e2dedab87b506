import { Agent } from "node:https";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { isIP } from "node:net";
import { KeelsonError } from "../errors.ts";
import type { Access } from "./access.ts";

/** Opens a TCP connection to the API server, directly or through a host. */
export type Dial = (host: string, port: number) => Promise<Duplex>;

/** An agent whose connections begin wherever the first living dialler begins them. */
export class DialingAgent extends Agent {
  readonly #access: Access;
  #dials: readonly Dial[];

  constructor(access: Access, dials: readonly Dial[]) {
    super({ keepAlive: true, maxSockets: 8 });
    this.#access = access;
    this.#dials = dials;
  }

  override createConnection(
    _options: unknown,
    done?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.#connect().then(
      (stream) => done?.(null, stream),
      (error: unknown) => {
        (done as ((error: Error) => void) | undefined)?.(error as Error);
      },
    );
    return undefined;
  }

  async #connect(): Promise<Duplex> {
    const { host, port, tls } = this.#access;
    const raw = await this.#dialFirstLiving(host, port);
    const servername = tls.servername ?? (isIP(host) === 0 ? host : undefined);
    const socket = connectTls({ ...tls, host, socket: raw, ...(servername !== undefined && { servername }) });
    return new Promise((resolve, reject) => {
      socket.once("secureConnect", () => {
        socket.off("error", reject);
        resolve(socket);
      });
      socket.once("error", reject);
    });
  }

  async #dialFirstLiving(host: string, port: number): Promise<Duplex> {
    const failures: string[] = [];
    for (const dial of this.#dials) {
      try {
        const stream = await dial(host, port);
        // The way that works comes first next time, so that a dead host costs its deadline once.
        this.#dials = [dial, ...this.#dials.filter((other) => other !== dial)];
        return stream;
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
    throw new KeelsonError(
      "KEELSON_API_UNAVAILABLE",
      `Cannot reach the API server at ${host}:${String(port)}: ${failures.join("; ")}`,
    );
  }
}
