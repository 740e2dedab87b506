import { setTimeout as pause } from "node:timers/promises";
import type { Duplex } from "node:stream";
import { KeelsonError } from "../errors.ts";
import type { Dials } from "./dials.ts";
import { hostKeyAlgorithms } from "./host-keys.ts";
import type { KnownHosts } from "./host-keys.ts";
import { Limiter } from "./limiter.ts";
import { resolveLogin } from "./login.ts";
import type { Login } from "./login.ts";
import type { Connection } from "./runner.ts";
import { ChannelRefused, connect, LinkGone, TurnedAway } from "./ssh-client.ts";
import type { SshLink } from "./ssh-client.ts";
import { accepts, findTrust, keyRefused } from "./trust.ts";
import type { HostProcess, Transport } from "./transport.ts";

/** What all connections of a pool share. */
export interface SshSettings {
  readonly knownHosts: KnownHosts;
  readonly dials: Dials;
  /** How long a host that does not answer is tried, in milliseconds. */
  readonly dialDeadlineMs: number;
  /** Path of the SSH agent's socket. */
  readonly agent: string | undefined;
  /** The connection to a bastion, shared by all hosts behind it. */
  readonly bastion: (connection: Connection) => Transport;
}

// sshd allows 10 sessions by default; one is left free, to end a command that was aborted.
const sessions = 9;
const mostRefusals = 20;
const refusalMs = 20;
const attemptMs = 10_000;
const firstRetryMs = 250;
const mostRetryMs = 4000;
/** A host that turns us away is there, and says that it will not for long: 15 s are its shortest penalty. */
const penaltyPatience = 4;

/** One SSH connection to one host: made when it is first needed, made again after it was lost. */
export class SshTransport implements Transport {
  readonly #connection: Connection;
  readonly #settings: SshSettings;
  readonly #channels = new Limiter(sessions);
  #link: Promise<SshLink> | undefined;
  #login: Promise<Login> | undefined;

  constructor(connection: Connection, settings: SshSettings) {
    this.#connection = connection;
    this.#settings = settings;
  }

  async start(
    line: string,
    options: { urgent?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<HostProcess> {
    if (options.urgent === true) return this.#send((link) => link.exec(line));
    for (let refusals = 1; ; refusals += 1) {
      const leave = await this.#channels.enter(options.signal);
      try {
        const process = await this.#send((link) => link.exec(line));
        void process.ended.then(leave);
        return process;
      } catch (error) {
        const others = this.#channels.held - 1;
        leave();
        const isOver = others === 0 && refusals >= mostRefusals;
        if (!(error instanceof ChannelRefused) || isOver) throw this.#lost(error);
        if (others > 0) this.#channels.lowerTo(others);
        // The host may still count a session that has just ended here.
        else await pause(refusalMs * refusals);
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
    const { dialDeadlineMs } = this.#settings;
    let deadline = performance.now() + dialDeadlineMs;
    let isTurnedAway = false;
    for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, mostRetryMs)) {
      const left = deadline - performance.now();
      try {
        return await this.#dialOnce(Math.max(1, Math.min(attemptMs, left)));
      } catch (error) {
        if (error instanceof TurnedAway && !isTurnedAway) {
          isTurnedAway = true;
          deadline += dialDeadlineMs * (penaltyPatience - 1);
        }
        // Jitter: many programs that dial one host at once must not come back at once, for sshd drops such crowds.
        const waitMs = retryMs * (0.5 + Math.random());
        if (isFinal(error) || performance.now() + waitMs >= deadline) throw this.#lost(error);
        await pause(waitMs);
      }
    }
  }

  async #dialOnce(timeoutMs: number): Promise<SshLink> {
    const { dials, knownHosts, bastion } = this.#settings;
    const login = await this.#resolved();
    const { address, port } = login;
    const trust = await findTrust(this.#connection, login, knownHosts);
    // Before the place among the dials is taken: a bastion's own connection needs one, too.
    const stream = login.bastion && (await bastion(login.bastion).dial(address, port));
    const leave = await dials.enter(trust.pinName);
    let presented: Buffer | undefined;
    try {
      const link = await connect({
        ...login,
        hostKeyAlgorithms: hostKeyAlgorithms(trust.keys),
        acceptHostKey: (key) => {
          presented = key;
          return accepts(trust, key);
        },
        stream,
        timeoutMs,
      });
      if (trust.keys.length === 0 && presented !== undefined) await knownHosts.add(trust.pinName, presented);
      return link;
    } catch (error) {
      if (presented === undefined || accepts(trust, presented)) throw error;
      throw keyRefused(this.#name, trust, presented);
    } finally {
      leave();
    }
  }

  #resolved(): Promise<Login> {
    this.#login ??= resolveLogin(this.#connection, this.#settings.agent);
    this.#login.catch(() => {
      this.#login = undefined;
    });
    return this.#login;
  }

  #lost(error: unknown): unknown {
    if (KeelsonError.is(error) || (error instanceof Error && error.name === "AbortError")) return error;
    const fix = error instanceof TurnedAway ? turnedAwayFix : undefined;
    return unreachable(this.#name, reasonOf(error), fix);
  }

  get #name(): string {
    return `${this.#connection.address}:${this.#connection.port ?? 22}`;
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

const turnedAwayFix =
  "Wait until sshd forgets the failed logins from this computer, ten minutes at most by default, and mend what made them";

function unreachable(name: string, reason: string, fix?: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_HOST_UNREACHABLE",
    `Cannot reach ${name}: ${reason}`,
    fix === undefined ? {} : { fix },
  );
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
