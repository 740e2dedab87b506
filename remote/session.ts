import { setTimeout as pause } from "node:timers/promises";
import { CommandError, KeelsonError } from "../errors.ts";
import type { RootMethod } from "./become-root.ts";
import { HostCommand, killLate } from "./host-command.ts";
import type { Session } from "./runner.ts";
import type { Transport } from "./transport.ts";
import { unlessAborted } from "./unless-aborted.ts";

const closeMs = 3000;
const keptErrors = 4096;

export interface SessionOptions {
  readonly host: string;
  readonly transport: Transport;
  readonly method: RootMethod;
  readonly command: string;
  /** The command as people may see it. */
  readonly shown: string;
  readonly stdin?: string;
  /** Ends the session whenever it is aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a command that stays and waits for its first line; later output is dropped.
 *
 * @throws CommandError if the command ends before it wrote a line; what a command that never began throws;
 * KeelsonError KEELSON_ABORTED
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { host, shown, stdin, signal = new AbortController().signal } = options;
  const first = new FirstLine();
  let errors = "";
  const starting = HostCommand.start(options.command, {
    ...options,
    signal,
    onStdout: (chunk) => {
      first.push(chunk);
    },
    onStderr: (chunk) => {
      errors = (errors + chunk.toString()).slice(-keptErrors);
    },
  });
  const opened = await unlessAborted(signal, untilFirstLine(starting, first, stdin), () => {
    killLate(starting);
  });
  if (opened === undefined) {
    throw new KeelsonError("KEELSON_ABORTED", `Cannot run "${shown}" on ${host}: the run was cancelled`);
  }
  if (opened.line === undefined) {
    const { exitCode } = opened;
    throw new CommandError({ host, command: shown, exitCode, stdout: first.seen, stderr: errors });
  }
  return sessionOf(opened.command, opened.line, signal);
}

type Opened =
  | { readonly command: HostCommand; readonly line: string }
  | { readonly line: undefined; readonly exitCode: number };

async function untilFirstLine(
  starting: Promise<HostCommand>,
  first: FirstLine,
  stdin: string | undefined,
): Promise<Opened> {
  const command = await starting;
  await command.readyForInput();
  if (stdin !== undefined) command.process.stdin.write(stdin);
  const ended = command.exitCode().then((exitCode) => ({ line: undefined, exitCode }));
  const result = await Promise.race([first.line.then((line) => ({ command, line })), ended]);
  ended.catch(() => undefined);
  return result;
}

function sessionOf(command: HostCommand, firstLine: string, signal: AbortSignal): Session {
  const ended = command.exitCode();
  // Whoever holds the session may not care how it ends.
  ended.catch(() => undefined);
  const end = (): void => {
    void command.kill();
  };
  signal.addEventListener("abort", end, { once: true });
  const forget = (): void => {
    signal.removeEventListener("abort", end);
  };
  ended.then(forget, forget);
  return {
    firstLine,
    ended,
    close: async () => {
      command.process.stdin.end();
      const waiting = new AbortController();
      const late = pause(closeMs, "late" as const, { signal: waiting.signal }).catch(() => "late" as const);
      const how = await Promise.race([command.process.ended, late]);
      waiting.abort();
      if (how === "late") await command.kill();
    },
  };
}

class FirstLine {
  readonly line: Promise<string>;
  seen = "";
  #done = false;
  #resolve: (line: string) => void = () => undefined;

  constructor() {
    this.line = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  push(chunk: Buffer): void {
    if (this.#done) return;
    this.seen += chunk.toString();
    const end = this.seen.indexOf("\n");
    if (end < 0) return;
    this.#done = true;
    this.#resolve(this.seen.slice(0, end));
  }
}
