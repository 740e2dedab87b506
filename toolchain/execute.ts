import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { KeelsonError, throwIfAborted } from "../errors.ts";

export interface ExecuteOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Everything that the command writes is appended to this file. */
  readonly log?: string;
}

export interface Executed {
  readonly code: number;
  readonly stdout: string;
  /** The last lines of stdout and stderr together. */
  readonly tail: string;
}

const tailLines = 15;

/**
 * Runs a program of this machine to its end, in its own process group, and returns its exit code.
 * Throws KEELSON_TOOL_MISSING if there is no such program and KEELSON_ABORTED when the signal ended it.
 */
export async function execute(
  file: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<Executed> {
  throwIfAborted(options.signal, `run "${file}"`);
  if (options.log) await mkdir(dirname(options.log), { recursive: true });
  return await new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      ...(options.cwd ? { cwd: options.cwd } : {}),
      env: options.env ?? process.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = options.log ? createWriteStream(options.log, { flags: "a" }) : undefined;
    let stdout = "";
    let both = "";
    const collect = (chunk: Buffer): void => {
      both = (both + chunk.toString()).slice(-20_000);
      log?.write(chunk);
    };
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      collect(chunk);
    });
    child.stderr.on("data", collect);
    const abort = (): void => {
      // The group, since compilers of a killed build would go on.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    };
    options.signal?.addEventListener("abort", abort, { once: true });
    const settle = (): void => {
      options.signal?.removeEventListener("abort", abort);
      log?.end();
    };
    child.on("error", (cause: NodeJS.ErrnoException) => {
      settle();
      const state = cause.code === "ENOENT" ? "it is not installed" : cause.message;
      reject(new KeelsonError("KEELSON_TOOL_MISSING", `Cannot run "${file}": ${state}`, { cause }));
    });
    child.on("close", (code) => {
      settle();
      if (options.signal?.aborted)
        reject(new KeelsonError("KEELSON_ABORTED", `Cannot run "${file}": the run was cancelled`));
      else
        resolve({ code: code ?? 1, stdout, tail: both.trimEnd().split("\n").slice(-tailLines).join("\n") });
    });
  });
}
