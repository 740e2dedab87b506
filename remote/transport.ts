import type { Duplex, Readable, Writable } from "node:stream";

/** How a process ended: by itself with a code, by a signal, or unknown because the connection was lost. */
export type ProcessEnd =
  | { readonly how: "exited"; readonly code: number }
  | { readonly how: "signalled"; readonly signal: string }
  | { readonly how: "lost"; readonly cause: string };

/** A process on a host, with its three streams. */
export interface HostProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the process itself is gone; a child of it may still hold the output open. Never rejects. */
  readonly exited: Promise<void>;
  /** Resolves when the process has ended and its output has been delivered. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Lets go of the process at once; what it leaves behind on the host is the caller's to end. */
  abandon(): void;
}

/** What a way to a host must be able to do; everything else about a runner is built on these. */
export interface Transport {
  /**
   * Starts one shell command line. `urgent` passes the queue: it is for ending another command.
   *
   * @throws KeelsonError KEELSON_HOST_UNREACHABLE, _AUTH_FAILED or _KEY_CHANGED if the host cannot be reached
   */
  start(line: string, options?: { urgent?: boolean; signal?: AbortSignal | undefined }): Promise<HostProcess>;
  /** A TCP connection that begins on the host. */
  dial(address: string, port: number): Promise<Duplex>;
  close(): Promise<void>;
}
