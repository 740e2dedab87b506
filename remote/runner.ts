import type { Duplex } from "node:stream";

/** How to reach a host over SSH. Holds secrets: never log it, never put it in an error. */
export interface Connection {
  /** Host name or IP address that SSH dials. */
  readonly address: string;
  /** @default 22 */
  readonly port?: number;
  /** @default "root" */
  readonly user?: string;
  /** OpenSSH or PEM private key. A secret. @default - the SSH agent of the person who runs the program */
  readonly privateKey?: string;
  /** Opens an encrypted private key. A secret. */
  readonly passphrase?: string;
  /**
   * The OpenSSH user certificate of the private key, `ssh-ed25519-cert-v01@openssh.com AAAA…`: the key is offered by it.
   *
   * @default - the key by itself
   */
  readonly certificate?: string;
  /** Answers the prompt of sudo. A secret. @default - sudo or doas without a password */
  readonly sudoPassword?: string;
  /**
   * The host's public key in OpenSSH form, `ssh-ed25519 AAAA…`; several lines allow several keys.
   *
   * @default - the first contact pins the key in the runner's known-hosts file
   */
  readonly hostKey?: string;
  /** The host through which this one is dialled, with its own user, port and key. */
  readonly bastion?: Connection;
  /**
   * Whether what is not set here comes from the OpenSSH configuration of the computer that runs the program, as for
   * `ssh <address>`: host name, user, port, keys, certificates, agent, ProxyJump, known hosts. Looked up whenever the
   * host is reached, and never stored.
   * @default false
   */
  readonly sshConfig?: boolean;
}

export interface RunOptions {
  /** Written to the command's standard input, which then ends. The only way for a secret to reach a command. */
  readonly stdin?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Whether the command runs as root. @default true */
  readonly sudo?: boolean;
  /** Exit codes that are an answer, not a failure. @default [0] */
  readonly okCodes?: readonly number[];
  /** Called with each line of output as it arrives, masked. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WriteOptions {
  /** @default 0o644 */
  readonly mode?: number;
  readonly signal?: AbortSignal;
}

/** A command that stays open until it is closed: a lock that is held, a log that is followed. */
export interface Session {
  /** The command's first line of output. */
  readonly firstLine: string;
  /** Resolves with the exit code when the command ends. */
  readonly ended: Promise<number>;
  /** Ends the command's input and waits until it is gone. */
  close(): Promise<void>;
}

/** The only way to a host. Every implementation passes `test/contracts/runner.ts`. */
export interface Runner {
  /** The host's name in messages. */
  readonly host: string;
  /**
   * Runs a shell command (`sh -c`).
   *
   * @throws CommandError if the exit code is not one of `okCodes`
   * @throws KeelsonError KEELSON_HOST_UNREACHABLE, _AUTH_FAILED, _KEY_CHANGED, _SUDO_FAILED, KEELSON_ABORTED
   */
  run(command: string, options?: RunOptions): Promise<RunResult>;
  /** A file's content as root sees it; undefined if there is none. */
  read(path: string, options?: { signal?: AbortSignal }): Promise<Buffer | undefined>;
  /** Writes a file at once: temporary file in the same folder, checksum, mode, rename. Makes missing folders. */
  write(path: string, content: string | Uint8Array, options?: WriteOptions): Promise<void>;
  /** Sends a local file, checks its SHA-256 on the host and renames it into place. */
  upload(localPath: string, path: string, options: WriteOptions & { sha256: string }): Promise<void>;
  /** Opens a command that stays; resolves with its first line of output. */
  open(command: string, options?: { signal?: AbortSignal; stdin?: string }): Promise<Session>;
  /** A TCP connection that begins on the host: `direct-tcpip`. */
  dial(address: string, port: number): Promise<Duplex>;
  /** Ends the connection. A later call dials again. */
  close(): Promise<void>;
}

/** Hands out one shared runner per host and closes them all at the end. */
export interface RunnerPool {
  get(host: string, connection: Connection): Runner;
  close(): Promise<void>;
}
