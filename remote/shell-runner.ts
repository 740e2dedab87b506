import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Duplex, Readable } from "node:stream";
import { CommandError, KeelsonError, throwIfAborted } from "../errors.ts";
import { rootMethod, rootProbe } from "./become-root.ts";
import type { RootMethod } from "./become-root.ts";
import { noSuchFile, readFileCommand, writeFileCommand, wrongSum } from "./file-commands.ts";
import { HostCommand, killLate } from "./host-command.ts";
import type { Masker } from "./mask.ts";
import { Output, outputLimit } from "./output.ts";
import type { Runner, RunOptions, RunResult, Session, WriteOptions } from "./runner.ts";
import { openSession } from "./session.ts";
import { unlessAborted } from "./unless-aborted.ts";
import type { Transport } from "./transport.ts";

export interface ShellRunnerOptions {
  readonly host: string;
  readonly transport: Transport;
  readonly masker: Masker;
  /** Whether the login is root already, so that nothing needs to be probed. */
  readonly isRoot: boolean;
  readonly sudoPassword?: string | undefined;
}

/** A runner over any transport that can start a shell: files, root and abort are built from shell commands. */
export class ShellRunner implements Runner {
  readonly host: string;
  readonly #options: ShellRunnerOptions;
  #method: Promise<RootMethod> | undefined;

  constructor(options: ShellRunnerOptions) {
    this.host = options.host;
    this.#options = options;
  }

  async run(command: string, options: RunOptions = {}): Promise<RunResult> {
    const { exitCode, stdout, stderr } = await this.#execute(command, options);
    return { exitCode, stdout: stdout.toString(), stderr };
  }

  async read(path: string, options: { signal?: AbortSignal } = {}): Promise<Buffer | undefined> {
    const { exitCode, stdout } = await this.#execute(readFileCommand(path), {
      ...options,
      okCodes: [0, noSuchFile],
    });
    return exitCode === noSuchFile ? undefined : stdout;
  }

  async write(path: string, content: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    const sha256 = createHash("sha256").update(content).digest("hex");
    await this.#receive(path, content, { ...options, sha256 });
  }

  async upload(localPath: string, path: string, options: WriteOptions & { sha256: string }): Promise<void> {
    const file = await open(localPath);
    const content = file.createReadStream({ highWaterMark: 1024 * 1024 });
    const unreadable = new AbortController();
    content.once("error", (error) => {
      unreadable.abort(error);
    });
    const { signal } = options;
    const stop = signal === undefined ? unreadable.signal : AbortSignal.any([signal, unreadable.signal]);
    try {
      await this.#receive(path, content, { ...options, signal: stop });
    } catch (error) {
      if (unreadable.signal.aborted) throw unreadable.signal.reason;
      throw error;
    } finally {
      content.destroy();
    }
  }

  async open(command: string, options: { signal?: AbortSignal; stdin?: string } = {}): Promise<Session> {
    throwIfAborted(options.signal, this.#doing(command));
    const { transport } = this.#options;
    const method = await this.#root();
    return openSession({
      host: this.host,
      transport,
      method,
      shown: this.#shown(command),
      command,
      ...options,
    });
  }

  dial(address: string, port: number): Promise<Duplex> {
    return this.#options.transport.dial(address, port);
  }

  close(): Promise<void> {
    return this.#options.transport.close();
  }

  async #receive(
    path: string,
    content: string | Uint8Array | Readable,
    options: WriteOptions & { sha256: string },
  ): Promise<void> {
    const { sha256, mode = 0o644, signal } = options;
    const line = writeFileCommand(path, { sha256, mode });
    const result = await this.#execute(line, {
      stdin: content,
      okCodes: [0, wrongSum],
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.exitCode === 0) return;
    throw new KeelsonError(
      "KEELSON_CHECKSUM_MISMATCH",
      `Cannot write ${path} on ${this.host}: ${result.stderr.trim().split("\n").at(-1) ?? ""}`,
    );
  }

  async #execute(
    command: string,
    options: Omit<RunOptions, "stdin"> & { readonly stdin?: string | Uint8Array | Readable },
  ): Promise<{ exitCode: number; stdout: Buffer; stderr: string }> {
    const { signal, stdin, onLine, okCodes = [0] } = options;
    throwIfAborted(signal, this.#doing(command));
    const method: RootMethod = options.sudo === false ? { how: "already" } : await this.#root();
    const tell =
      onLine &&
      ((line: string): void => {
        onLine(this.#options.masker.mask(line));
      });
    const [stdout, stderr] = [new Output(tell), new Output(tell)];
    const exitCode = await this.#follow(command, { method, signal, stdin, stdout, stderr });
    stdout.end();
    stderr.end();
    const errors = stderr.bytes.toString();
    if (okCodes.includes(exitCode)) return { exitCode, stdout: stdout.bytes, stderr: errors };
    const { masker } = this.#options;
    throw new CommandError({
      host: this.host,
      command: masker.mask(command),
      exitCode,
      stdout: masker.mask(stdout.bytes.toString()),
      stderr: masker.mask(errors),
    });
  }

  async #follow(
    command: string,
    how: {
      method: RootMethod;
      signal: AbortSignal | undefined;
      stdin: string | Uint8Array | Readable | undefined;
      stdout: Output;
      stderr: Output;
    },
  ): Promise<number> {
    const overflow = new AbortController();
    const stop = how.signal === undefined ? overflow.signal : AbortSignal.any([how.signal, overflow.signal]);
    const keep =
      (output: Output) =>
      (chunk: Buffer): void => {
        if (!output.push(chunk)) overflow.abort();
      };
    const { transport } = this.#options;
    const starting = HostCommand.start(command, {
      host: this.host,
      transport,
      method: how.method,
      signal: stop,
      onStdout: keep(how.stdout),
      onStderr: keep(how.stderr),
    });
    const running = await unlessAborted(stop, starting, () => {
      killLate(starting);
    });
    if (running !== undefined) {
      const finished = await unlessAborted(stop, feedAndWait(running, how.stdin), () => running.kill());
      if (finished !== undefined) return finished;
    }
    throwIfAborted(how.signal, this.#doing(command));
    const limit = `${outputLimit / 1024 / 1024} MiB`;
    throw new KeelsonError(
      "KEELSON_COMMAND_FAILED",
      `Cannot ${this.#doing(command)}: its output is over ${limit}`,
    );
  }

  async #root(): Promise<RootMethod> {
    if (this.#options.isRoot) return { how: "already" };
    this.#method ??= this.#probeRoot();
    try {
      return await this.#method;
    } catch (error) {
      // The host may have been unreachable only for now.
      this.#method = undefined;
      throw error;
    }
  }

  async #probeRoot(): Promise<RootMethod> {
    const probe = await this.run(rootProbe, { sudo: false });
    return rootMethod(this.host, probe, this.#options.sudoPassword);
  }

  #doing(command: string): string {
    return `run "${this.#shown(command)}" on ${this.host}`;
  }

  #shown(command: string): string {
    const masked = this.#options.masker.mask(command);
    return masked.length > 80 ? `${masked.slice(0, 77)}...` : masked;
  }
}

async function feedAndWait(
  running: HostCommand,
  stdin: string | Uint8Array | Readable | undefined,
): Promise<number> {
  await running.readyForInput();
  if (stdin === undefined || typeof stdin === "string" || stdin instanceof Uint8Array) {
    running.process.stdin.end(stdin ?? "");
  } else {
    stdin.pipe(running.process.stdin);
  }
  return running.exitCode();
}
