import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Collects the output and does not show it.
   *
   * @default false
   */
  readonly quiet?: boolean;
}

export interface ChildResult {
  readonly exitCode: number;
  /** Both streams in order; empty unless `quiet`. */
  readonly output: string;
}

/** The processes of one run. Each leads a group of its own, so that one interrupt reaches each of them once. */
export class Children {
  readonly #alive = new Set<ChildProcess>();
  #interrupted = false;

  /** True once the run was interrupted: nothing new is started then. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Passes the first interrupt on to every group, and ends the groups on a second one. */
  interrupt(): void {
    const signal = this.#interrupted ? "SIGKILL" : "SIGINT";
    this.#interrupted = true;
    for (const child of this.#alive) signalGroup(child, signal);
  }

  /** Runs a Node program of this repository to its end; a program that a signal ended has exit code 1. */
  async node(args: readonly string[], options: ChildOptions = {}): Promise<ChildResult> {
    const quiet = options.quiet === true;
    const child = spawn(process.execPath, args, {
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    });
    this.#alive.add(child);
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        resolve(code ?? 1);
      });
    });
    this.#alive.delete(child);
    return { exitCode, output: Buffer.concat(chunks).toString() };
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The group may have ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
