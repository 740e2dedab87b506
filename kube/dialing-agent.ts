import type { ClientRequest } from "node:http";
import { Agent } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { SecureContext, TLSSocket } from "node:tls";
import { KeelsonError } from "../errors.ts";
import type { Access } from "./access.ts";
import { livingWay } from "./first-living.ts";
import type { LivingWay } from "./first-living.ts";

/** Opens a TCP connection to the API server, directly or through a host. */
export type Dial = (host: string, port: number) => Promise<Duplex>;

const staggerMs = 2000;
const handshakeMs = 10_000;
const mostConnections = 8;

export interface DialingAgentOptions {
  /** Ways to the server, tried in order until one answers. */
  readonly dials: readonly Dial[];
  /** How many requests wait for busy connections before another one is opened. */
  readonly maxWaiting: number;
}

/** An agent whose connections begin wherever the first living dialler begins them. */
export class DialingAgent extends Agent {
  /** How many other servers there are. */
  readonly others: number;
  readonly #access: Access;
  readonly #dial: LivingWay<TLSSocket>;
  /** Their requests end; nobody else gets them. */
  readonly #shunned = new WeakSet<Duplex>();
  readonly #maxWaiting: number;
  #turns = 0;
  #underWay = 0;
  #context: SecureContext | undefined;
  /** Of the last connection: the next one need not prove and check everything again. */
  #session: Buffer | undefined;

  constructor(access: Access, { dials, maxWaiting }: DialingAgentOptions) {
    super({ keepAlive: true });
    this.#access = access;
    this.#maxWaiting = maxWaiting;
    this.others = dials.length - 1;
    const ways = dials.map((dial) => () => this.#connectBy(dial));
    this.#dial = livingWay(ways, staggerMs, (late) => late.destroy());
  }

  /** How often it turned away from a server. */
  get turns(): number {
    return this.#turns;
  }

  /**
   * Turns away from a server that takes connections and does not serve, as without its etcd. Requests that failed there
   * together turn away once: `turns` is how often it had when they began.
   */
  shun(turns: number): void {
    if (turns !== this.#turns) return;
    this.#turns += 1;
    this.#dial.shun();
    for (const socket of Object.values(this.sockets).flat()) if (socket) this.#shunned.add(socket);
    for (const socket of Object.values(this.freeSockets).flat()) socket?.destroy();
  }

  /** Notes that a request begins, and decides whether it may open a connection. Returns what notes its end. */
  begin(): () => void {
    this.#underWay += 1;
    this.maxSockets = Math.min(Math.max(this.#underWay - this.#maxWaiting, 1), mostConnections);
    return () => {
      this.#underWay -= 1;
    };
  }

  /**
   * Limits in milliseconds how long a request has no connection: its own timeout begins with one. The time in which there
   * are busy connections that it may wait for does not count, since what keeps them busy has a timeout.
   */
  limitConnecting(request: ClientRequest, patienceMs: number, giveUp: () => void): void {
    const isBusy = (): boolean => Object.values(this.sockets).some((busy) => (busy ?? []).length > 0);
    let wasBusy = isBusy();
    const connecting = setInterval(() => {
      const mayWait = wasBusy;
      wasBusy = isBusy();
      if (mayWait || wasBusy) return;
      clearInterval(connecting);
      giveUp();
    }, patienceMs);
    for (const event of ["socket", "close"]) {
      request.once(event, () => {
        clearInterval(connecting);
      });
    }
  }

  override keepSocketAlive(socket: Duplex): boolean {
    super.keepSocketAlive(socket);
    return !this.#shunned.has(socket);
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
    try {
      return await this.#dial();
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  async #connectBy(dial: Dial): Promise<TLSSocket> {
    const { host, port, tls } = this.#access;
    const raw = await dial(host, port);
    const servername = tls.servername ?? (isIP(host) === 0 ? host : undefined);
    this.#context ??= createSecureContext(tls);
    const socket = connectTls({
      ...tls,
      secureContext: this.#context,
      host,
      socket: raw,
      ...(this.#session !== undefined && { session: this.#session }),
      ...(servername !== undefined && { servername }),
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy(new Error("no TLS handshake in time"));
      }, handshakeMs);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        raw.destroy();
        reject(error);
      };
      socket.once("secureConnect", () => {
        clearTimeout(timer);
        socket.off("error", fail).off("close", closed);
        socket.on("session", (session) => {
          this.#session = session;
        });
        resolve(socket);
      });
      const closed = (): void => {
        fail(new Error("the connection was closed during the TLS handshake"));
      };
      socket.once("error", fail).once("close", closed);
    });
  }

  #unreachable(error: unknown): KeelsonError {
    const failures = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    const reasons = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
    const why = [...new Set(reasons)].join("; ") || "no host is known through which it could be reached";
    return new KeelsonError(
      "KEELSON_API_UNAVAILABLE",
      `Cannot reach the API server at ${this.#access.host}:${this.#access.port}: ${why}`,
      { cause: error },
    );
  }
}
