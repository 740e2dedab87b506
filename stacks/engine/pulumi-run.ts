import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import { type Pulumi, linkPlugins, pulumiEnvironment } from "../../toolchain/index.ts";
import type { StateFolder } from "./state.ts";
import { type TemporaryFolder, temporaryFolder } from "./temporary-folder.ts";

/** Lines of a display that a failure needs to be understood. */
const shownLines = 30;

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Pulumi on the stacks of a state folder. */
export class PulumiRunner {
  readonly #pulumi: Pulumi;
  readonly #home: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #directory: string;

  /** `directory` holds the project. What the user set wins: another home, another backend with its own passphrase. */
  constructor(pulumi: Pulumi, state: StateFolder, directory: string) {
    const home = process.env["PULUMI_HOME"] ?? join(state.path, "pulumi");
    const own = process.env["PULUMI_BACKEND_URL"] === undefined ? state.env : {};
    const compiled = {
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(state.path, "compile-cache"),
      NODE_OPTIONS: nodeOptions(),
    };
    this.#pulumi = pulumi;
    this.#home = home;
    this.#env = { ...compiled, ...pulumiEnvironment({ tools: pulumi.tools, home }), ...own };
    this.#directory = directory;
  }

  /** Runs a command with its own display, and passes on the first interrupt. Resolves with its exit code. */
  async run(args: readonly string[]): Promise<number> {
    const { exitCode } = await this.#spawn(args, "inherit");
    return exitCode;
  }

  /**
   * Runs a command for its output. With `explain`, the error has the end of its display, too: an update says there what
   * went wrong.
   *
   * @throws KeelsonError KEELSON_COMMAND_FAILED with what the command wrote to stderr
   */
  async read(args: readonly string[], { explain = false } = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#spawn(args, "pipe");
    if (exitCode === 0) return stdout;
    const command = `pulumi ${args.slice(0, 2).join(" ")}`;
    const shown = explain ? stdout.trim().split("\n").slice(-shownLines) : [];
    const said = [...shown, stderr.trim()].join("\n").trim();
    throw new KeelsonError("KEELSON_COMMAND_FAILED", `Cannot run "${command}": ${said}`);
  }

  /**
   * Pulumi gets a session of its own: Ctrl-C of the terminal then reaches it once, from here, and none of its plugins.
   * It ends without saving at a second one, and npm sends one in addition to the terminal's.
   */
  async #spawn(args: readonly string[], output: "inherit" | "pipe"): Promise<Ended> {
    await linkPlugins(this.#home, this.#pulumi);
    const temporary = await temporaryFolder();
    try {
      return await this.#spawnIn(temporary, args, output);
    } finally {
      await temporary.remove();
    }
  }

  async #spawnIn(
    temporary: TemporaryFolder,
    args: readonly string[],
    output: "inherit" | "pipe",
  ): Promise<Ended> {
    const child = spawn(this.#pulumi.program, args, {
      cwd: this.#directory,
      env: { ...this.#env, TMPDIR: temporary.path },
      stdio: ["inherit", output, output],
      detached: true,
    });
    const texts = { stdout: "", stderr: "" };
    child.stdout?.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString()));
    const release = forwardSignals((signal) => child.kill(signal));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        release();
        const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
        resolve({ exitCode, ...texts });
      });
    });
    const [result] = await Promise.all([ended, temporary.addUser(child.pid)]);
    return result;
  }
}

/** A program's start makes much garbage in little time: more room for it saves a tenth. What the user set wins. */
function nodeOptions(): string {
  return ["--max-semi-space-size=64", process.env["NODE_OPTIONS"]].filter(Boolean).join(" ");
}

/** Passes on exactly one interrupt, and what ends a process for good. Returns how to stop. */
function forwardSignals(send: (signal: NodeJS.Signals) => void): () => void {
  let isInterrupted = false;
  const interrupt = (): void => {
    if (!isInterrupted) send("SIGINT");
    isInterrupted = true;
  };
  const end = (signal: NodeJS.Signals): void => {
    send(signal);
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", end);
  process.on("SIGHUP", end);
  return () => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", end);
    process.off("SIGHUP", end);
  };
}
