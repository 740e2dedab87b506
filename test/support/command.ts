import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface CommandResult {
  readonly exitCode: number;
  /** Both streams in order. */
  readonly output: string;
  readonly stdout: string;
}

/** The result of a command that must have succeeded. */
export function succeed(result: CommandResult): CommandResult {
  assert.equal(result.exitCode, 0, result.output);
  return result;
}

/** What is done to a running command, once, as soon as its output says so. */
export interface Intervention {
  readonly isDue: (output: string) => boolean;
  readonly act: (child: ChildProcess) => void | Promise<void>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Leaves the command a pipe to read from, for the intervention to write to. @default false */
  readonly input?: boolean;
  readonly when?: Intervention;
}

/** Runs a program in the repository's folder. A program that a signal ended has exit code 1. */
export function runCommand(
  program: string,
  args: readonly string[],
  { env = {}, input = false, when }: RunOptions = {},
): Promise<CommandResult> {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: [input ? "pipe" : "ignore", "pipe", "pipe"],
  });
  const texts = { output: "", stdout: "" };
  let intervention: Promise<void> | undefined;
  const hear = (stream: "stdout" | "stderr") => (chunk: Buffer) => {
    texts.output += chunk.toString();
    if (stream === "stdout") texts.stdout += chunk.toString();
    if (when !== undefined && when.isDue(texts.output)) intervention ??= Promise.resolve(when.act(child));
  };
  child.stdout?.on("data", hear("stdout"));
  child.stderr?.on("data", hear("stderr"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const result = { exitCode: code ?? 1, ...texts };
      Promise.resolve(intervention).then(() => {
        resolve(result);
      }, reject);
    });
  });
}

/** Runs a program on a terminal of its own, as wide as a big screen, and types Ctrl-C once when it shows the pattern. */
export function interruptOnTerminal(command: string, pattern: RegExp): Promise<CommandResult> {
  // util-linux's script is a terminal: what is written to its input is typed.
  return runCommand("script", ["-qfec", `stty cols 200 rows 50; exec ${command}`, "/dev/null"], {
    input: true,
    when: { isDue: (output) => pattern.test(output), act: (child) => void child.stdin?.write("\u0003") },
  });
}
