import { constants } from "node:os";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError } from "../errors.ts";
import { sudoFailed } from "./become-root.ts";
import type { RootMethod } from "./become-root.ts";
import { CommandStart, wrap } from "./command-start.ts";
import type { WrappedCommand } from "./command-start.ts";
import type { HostProcess, ProcessEnd, Transport } from "./transport.ts";

const startMs = 30_000;
const graceTenths = 30;
const killMs = 10_000;
const quietMs = 500;
const lingerPauses = 4;
const startPauses = 20;

export interface HostCommandOptions {
  readonly host: string;
  readonly transport: Transport;
  readonly method: RootMethod;
  readonly signal?: AbortSignal | undefined;
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
}

/** One command that runs on a host, as root if wanted, and that can be ended with everything it started. */
export class HostCommand {
  readonly process: HostProcess;
  readonly #options: HostCommandOptions;
  readonly #start: CommandStart;
  readonly #wrapped: WrappedCommand;
  readonly #drained: Promise<unknown>;
  #refusal: KeelsonError | undefined;
  #answered = false;
  #quietPauses = 0;

  private constructor(process: HostProcess, wrapped: WrappedCommand, options: HostCommandOptions) {
    this.process = process;
    this.#wrapped = wrapped;
    this.#options = options;
    this.#start = new CommandStart(wrapped, process.stderr);
    this.#drained = Promise.all([drained(process.stdout), drained(process.stderr)]);
    process.stdin.on("error", () => undefined);
    process.stdout.on("data", (chunk: Buffer) => {
      this.#quietPauses = 0;
      options.onStdout(chunk);
    });
    process.stderr.on("data", (chunk: Buffer) => {
      this.#quietPauses = 0;
      const { output, prompts } = this.#start.push(chunk);
      if (prompts > 0) this.#answer();
      if (output.length > 0) options.onStderr(output);
    });
    void this.#lingerThenAbandon();
  }

  /** Starts a command; it may still be waiting for sudo when this resolves. */
  static async start(command: string, options: HostCommandOptions): Promise<HostCommand> {
    const wrapped = wrap(command, options.method);
    const process = await options.transport.start(wrapped.line, { signal: options.signal });
    return new HostCommand(process, wrapped, options);
  }

  /**
   * Resolves when input may be written: at once, unless sudo may ask for a password first.
   *
   * @throws KeelsonError KEELSON_HOST_SUDO_FAILED if the command does not begin
   */
  async readyForInput(): Promise<void> {
    if (this.#options.method.how !== "sudoWithPassword") return;
    const timeout = new AbortController();
    const late = pause(startMs, "late" as const, { signal: timeout.signal }).catch(() => "late" as const);
    const first = await Promise.race([this.#start.began, late]);
    timeout.abort();
    if (first !== "late") return;
    this.process.abandon();
    throw sudoFailed(this.#options.host, `sudo did not run the command within ${startMs / 1000} s`);
  }

  /**
   * Waits for the end of the command and of its output, and returns its exit code: 128 + n for a signal.
   *
   * @throws KeelsonError KEELSON_HOST_SUDO_FAILED or KEELSON_COMMAND_FAILED if the command never began,
   * KEELSON_HOST_UNREACHABLE if the connection was lost
   */
  async exitCode(): Promise<number> {
    const end = await this.process.ended;
    await this.#drained;
    if (this.#refusal !== undefined) throw this.#refusal;
    if (end.how === "lost") {
      const { host } = this.#options;
      throw new KeelsonError("KEELSON_HOST_UNREACHABLE", `Cannot follow a command on ${host}: ${end.cause}`);
    }
    if (!this.#start.hasBegun) throw this.#neverBegan(end);
    return end.how === "exited" ? end.code : 128 + signalNumber(end.signal);
  }

  /** Ends the command and everything it started: asks first, forces after three seconds. Never rejects. */
  async kill(): Promise<void> {
    const bound = AbortSignal.timeout(killMs);
    const elapsed = pause(killMs, undefined, { signal: bound }).catch(() => undefined);
    await Promise.race([this.#killGroup(), elapsed]);
    this.process.abandon();
  }

  async #killGroup(): Promise<void> {
    const group = await this.#start.began;
    if (group === undefined) return;
    const { transport, method } = this.#options;
    const script = [
      `kill -s TERM -- -${group} || exit 0`,
      `i=0; while [ $i -lt ${graceTenths} ] && kill -s 0 -- -${group}; do sleep 0.1; i=$((i + 1)); done`,
      `kill -s KILL -- -${group}`,
    ].join("\n");
    try {
      const wrapped = wrap(`{ ${script}\n} 2>/dev/null`, method);
      const killer = new HostCommand(await transport.start(wrapped.line, { urgent: true }), wrapped, {
        ...this.#options,
        onStdout: () => undefined,
        onStderr: () => undefined,
      });
      await killer.process.ended;
    } catch {
      // The host is gone or takes no more sessions: letting go of the channel is all that is left.
    }
  }

  /** A background child may hold the output open for ever: once the process is gone, quiet output is finished output. */
  async #lingerThenAbandon(): Promise<void> {
    await this.process.exited;
    this.#quietPauses = 0;
    // Pauses are counted rather than time, since output that waits in this process is read between two of them.
    const timer = setInterval(() => {
      this.#quietPauses += 1;
      if (this.#quietPauses > (this.#start.hasBegun ? lingerPauses : startPauses)) this.process.abandon();
    }, quietMs);
    await this.process.ended;
    clearInterval(timer);
  }

  /** The password goes to a prompt and nowhere else, so a command can never read it as its input. */
  #answer(): void {
    if (this.#options.method.how !== "sudoWithPassword" || this.#start.hasBegun) return;
    if (!this.#answered) {
      this.#answered = true;
      this.process.stdin.write(`${this.#options.method.password}\n`);
      return;
    }
    this.#refusal = sudoFailed(this.#options.host, "sudo refused the password");
    this.process.stdin.end();
  }

  #neverBegan(end: ProcessEnd): KeelsonError {
    const { host, method } = this.#options;
    const said = this.#start.preface.replaceAll(this.#wrapped.prompt, "").trim().split("\n").at(-1) ?? "";
    const code = end.how === "exited" ? `exit code ${end.code}` : "it was killed";
    const reason = said === "" ? code : said;
    if (method.how !== "already") return sudoFailed(host, reason);
    return new KeelsonError("KEELSON_COMMAND_FAILED", `Cannot get a shell on ${host}: ${reason}`);
  }
}

/** Ends a command that may still be starting, without waiting for it. */
export function killLate(starting: Promise<HostCommand>): void {
  void starting.then(
    (command) => command.kill(),
    () => undefined,
  );
}

/** The end of a process may be known before its last output was read. */
function drained(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    stream.once("end", resolve).once("close", resolve);
  });
}

function signalNumber(name: string): number {
  return Object.entries(constants.signals).find(([each]) => each === name)?.[1] ?? 127;
}
