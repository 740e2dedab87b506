import { createHash } from "node:crypto";
import { Dials } from "./dials.ts";
import { KnownHosts } from "./host-keys.ts";
import { Masker } from "./mask.ts";
import type { Connection, Runner, RunnerPool } from "./runner.ts";
import { ShellRunner } from "./shell-runner.ts";
import { SshTransport } from "./ssh-transport.ts";
import type { SshSettings } from "./ssh-transport.ts";

export interface SshPoolOptions {
  /** File (0600) where keys of first contacts are pinned. @default - pinned in memory, for the life of the pool */
  readonly knownHosts?: string;
  /** Hides secrets in log lines and errors; the pool registers those of its connections. @default - a new one */
  readonly masker?: Masker;
  /** How long a host that does not answer is tried, in milliseconds. @default 15000 */
  readonly dialDeadlineMs?: number;
  /** How many connections are made at once. @default 16 */
  readonly dials?: number;
  /** Path of the SSH agent's socket; empty for none. @default - the environment's SSH_AUTH_SOCK */
  readonly agent?: string;
}

/** SSH runners, one connection per host however many ask for it. Two hosts behind one bastion share its connection. */
export class SshPool implements RunnerPool {
  /** Register secrets here before they travel, and no log line or error shows them. */
  readonly masker: Masker;
  readonly #settings: SshSettings;
  readonly #transports = new Map<string, SshTransport>();
  readonly #runners = new Map<string, Runner>();

  constructor(options: SshPoolOptions = {}) {
    this.masker = options.masker ?? new Masker();
    this.#settings = {
      knownHosts: new KnownHosts(options.knownHosts),
      dials: new Dials(options.dials ?? 16),
      dialDeadlineMs: options.dialDeadlineMs ?? 15_000,
      agent: nonEmpty(options.agent ?? process.env["SSH_AUTH_SOCK"]),
      bastion: (connection) => this.#transport(connection),
    };
  }

  get(host: string, connection: Connection): Runner {
    const key = `${host}\n${identityOf(connection)}`;
    const existing = this.#runners.get(key);
    if (existing !== undefined) return existing;
    const runner = new ShellRunner({
      host,
      transport: this.#transport(connection),
      masker: this.masker,
      isRoot: connection.user === undefined ? connection.sshConfig !== true : connection.user === "root",
      sudoPassword: connection.sudoPassword,
    });
    this.#runners.set(key, runner);
    return runner;
  }

  async close(): Promise<void> {
    const transports = [...this.#transports.values()];
    this.#transports.clear();
    this.#runners.clear();
    await Promise.all(transports.map((transport) => transport.close()));
  }

  #transport(connection: Connection): SshTransport {
    const key = identityOf(connection);
    const existing = this.#transports.get(key);
    if (existing !== undefined) return existing;
    this.#hideSecrets(connection);
    const transport = new SshTransport(connection, this.#settings);
    this.#transports.set(key, transport);
    return transport;
  }

  #hideSecrets({ privateKey, passphrase, sudoPassword, bastion }: Connection): void {
    for (const secret of [privateKey, passphrase, sudoPassword]) this.masker.add(secret);
    if (bastion !== undefined) this.#hideSecrets(bastion);
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** Everything that makes a connection another connection, without the secrets themselves. */
function identityOf(connection: Connection): string {
  const {
    address,
    port,
    user,
    privateKey,
    passphrase,
    certificate,
    sudoPassword,
    hostKey,
    bastion,
    sshConfig = false,
  } = connection;
  const secrets = createHash("sha256")
    .update(JSON.stringify([privateKey, passphrase, sudoPassword]))
    .digest("hex");
  const via = bastion === undefined ? undefined : identityOf(bastion);
  const login = sshConfig ? [port, user] : [port ?? 22, user ?? "root"];
  return JSON.stringify([address, ...login, secrets, certificate, hostKey, via, sshConfig]);
}
