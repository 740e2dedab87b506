import { setTimeout as pause } from "node:timers/promises";
import type { Duplex } from "node:stream";
import { KeelsonError } from "../errors.ts";
import { fingerprint, hostKeyAlgorithms, parseHostKeys } from "./host-keys.ts";
import type { KnownHosts } from "./host-keys.ts";
import { Limiter } from "./limiter.ts";
import type { Connection } from "./runner.ts";
import { ChannelRefused, connect, LinkGone } from "./ssh-client.ts";
import type { SshLink } from "./ssh-client.ts";
import type { HostProcess, Transport } from "./transport.ts";

/** What all connections of a pool share. */
export interface SshSettings {
  readonly knownHosts: KnownHosts;
  /** Bounds how many connections are being made at once. */
  readonly dials: Limiter;
  /** How long a host that does not answer is tried, in milliseconds. */
  readonly dialDeadlineMs: number;
  /** Path of the SSH agent's socket. */
  readonly agent: string | undefined;
}

// sshd allows 10 sessions by default; one is left free, to end a command that was aborted.
const sessions = 9;
const attemptMs = 10_000;
const firstRetryMs = 250;

/** One SSH connection to one host: made when it is first needed, made again after it was lost. */
export class SshTransport implements Transport {
  readonly #connection: Connection;
  readonly #settings: SshSettings;
  readonly #bastion: Transport | undefined;
  readonly #channels = new Limiter(sessions);
  #link: Promise<SshLink> | undefined;

  constructor(connection: Connection, settings: SshSettings, bastion?: Transport) {
    this.#connection = connection;
    this.#settings = settings;
    this.#bastion = bastion;
  }

  async start(
    line: string,
    options: { urgent?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<HostProcess> {
    if (options.urgent === true) return this.#send((link) => link.exec(line));
    for (;;) {
      const leave = await this.#channels.enter(options.signal);
      try {
        const process = await this.#send((link) => link.exec(line));
        void process.ended.then(leave);
        return process;
      } catch (error) {
        const others = this.#channels.held - 1;
        leave();
        if (!(error instanceof ChannelRefused) || others === 0) throw this.#lost(error);
        this.#channels.lowerTo(others);
      }
    }
  }

  async dial(address: string, port: number): Promise<Duplex> {
    try {
      return await this.#send((link) => within(attemptMs, link.forward(address, port)));
    } catch (error) {
      if (KeelsonError.is(error)) throw error;
      throw unreachable(`${address}:${port} through ${this.#name}`, reasonOf(error));
    }
  }

  async close(): Promise<void> {
    const link = await this.#link?.catch(() => undefined);
    this.#link = undefined;
    link?.end();
    await link?.gone;
  }

  /** A connection that was lost unnoticed is replaced once, if the request cannot have reached the host. */
  async #send<Result>(request: (link: SshLink) => Promise<Result>): Promise<Result> {
    try {
      return await request(await this.#connected());
    } catch (error) {
      if (!(error instanceof LinkGone)) throw error;
      this.#link = undefined;
      return await request(await this.#connected());
    }
  }

  #connected(): Promise<SshLink> {
    this.#link ??= this.#dialUntilDeadline();
    const current = this.#link;
    const forget = (): void => {
      if (this.#link === current) this.#link = undefined;
    };
    void current.then((link) => link.gone.then(forget), forget);
    return current;
  }

  async #dialUntilDeadline(): Promise<SshLink> {
    const deadline = performance.now() + this.#settings.dialDeadlineMs;
    for (let retryMs = firstRetryMs; ; retryMs *= 2) {
      const left = deadline - performance.now();
      try {
        return await this.#dialOnce(Math.max(1, Math.min(attemptMs, left)));
      } catch (error) {
        // Jitter: many programs that dial one host at once must not come back at once, for sshd drops such crowds.
        const waitMs = retryMs * (0.5 + Math.random());
        if (isFinal(error) || performance.now() + waitMs >= deadline) throw this.#lost(error);
        await pause(waitMs);
      }
    }
  }

  async #dialOnce(timeoutMs: number): Promise<SshLink> {
    const { address, port = 22, user = "root", privateKey, passphrase } = this.#connection;
    const pins = await this.#pins();
    // Before the place among the dials is taken: a bastion's own connection needs one, too.
    const stream = await this.#bastion?.dial(address, port);
    const leave = await this.#settings.dials.enter();
    let presented: Buffer | undefined;
    try {
      const link = await connect({
        address,
        port,
        user,
        privateKey,
        passphrase,
        agent: this.#settings.agent,
        hostKeyAlgorithms: hostKeyAlgorithms(pins),
        acceptHostKey: (key) => {
          presented = key;
          return pins.length === 0 || pins.some((pin) => pin.equals(key));
        },
        stream,
        timeoutMs,
      });
      if (pins.length === 0 && presented !== undefined)
        await this.#settings.knownHosts.add(this.#pinName, presented);
      return link;
    } catch (error) {
      if (presented === undefined || pins.length === 0 || pins.some((pin) => presented?.equals(pin)))
        throw error;
      throw this.#keyChanged(pins, presented);
    } finally {
      leave();
    }
  }

  async #pins(): Promise<readonly Buffer[]> {
    const { hostKey } = this.#connection;
    return hostKey === undefined ? this.#settings.knownHosts.find(this.#pinName) : parseHostKeys(hostKey);
  }

  #keyChanged(pins: readonly Buffer[], presented: Buffer): KeelsonError {
    const pinned = pins.map(fingerprint).join(" or ");
    const source = this.#connection.hostKey === undefined ? this.#settings.knownHosts.place : "its hostKey";
    return new KeelsonError(
      "KEELSON_HOST_KEY_CHANGED",
      `Cannot trust ${this.#name}: it presents the key ${fingerprint(presented)}, but ${source} pins ${pinned}`,
      this.#connection.hostKey === undefined && this.#settings.knownHosts.place.includes("/")
        ? {
            fix: `If the host was installed anew on purpose, delete its line from ${source}; otherwise find out who answers`,
          }
        : {},
    );
  }

  #lost(error: unknown): unknown {
    if (KeelsonError.is(error) || (error instanceof Error && error.name === "AbortError")) return error;
    return unreachable(this.#name, reasonOf(error));
  }

  get #name(): string {
    return `${this.#connection.address}:${this.#connection.port ?? 22}`;
  }

  /** Two private networks may use the same addresses: behind a bastion, its name is part of the pin's. */
  get #pinName(): string {
    const { bastion } = this.#connection;
    const via = bastion === undefined ? "" : `%[${bastion.address}]:${bastion.port ?? 22}`;
    return `[${this.#connection.address}]:${this.#connection.port ?? 22}${via}`;
  }
}

function isFinal(error: unknown): boolean {
  return KeelsonError.is(error) && error.code !== "KEELSON_HOST_UNREACHABLE";
}

/** A stream that arrives too late is destroyed. */
async function within(ms: number, opening: Promise<Duplex>): Promise<Duplex> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      void opening.then(
        (stream) => stream.destroy(),
        () => undefined,
      );
      reject(new Error(`no answer within ${ms / 1000} s`));
    }, ms);
  });
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(name: string, reason: string): KeelsonError {
  return new KeelsonError("KEELSON_HOST_UNREACHABLE", `Cannot reach ${name}: ${reason}`);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node joins the errors of several addresses in one without a message of its own.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { message } = first instanceof Error ? first : error;
  const [, words] = plainWords.find(([pattern]) => pattern.test(message)) ?? [];
  return words ?? message;
}

/** What the system's and ssh2's own words mean. */
const plainWords: readonly (readonly [RegExp, string])[] = [
  [/EHOSTUNREACH|ENETUNREACH/, "there is no host, or no way to it"],
  [/ECONNREFUSED/, "the host refuses connections to this port"],
  [/ETIMEDOUT|Timed out while waiting for handshake/, "nothing answers"],
  [/ENOTFOUND|EAI_AGAIN/, "the name is not known"],
];
