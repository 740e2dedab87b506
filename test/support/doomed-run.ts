import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { CommandResult } from "./pulumi-cli.ts";

const mark = "KEELSON_TEST_RUN";
/** Steps of a bootstrap pass within a second: a look must come soon enough to see them. */
const lookEveryMs = 10;

/** Starts a command with additional environment variables. */
export type Start = (env: Readonly<Record<string, string>>) => Promise<CommandResult>;

/** A run of a command that is there to be killed. All its processes carry a mark in their environment. */
export class DoomedRun {
  readonly #mark = `${mark}=${randomUUID()}`;
  readonly #result: Promise<CommandResult>;
  #isOver = false;

  constructor(start: Start) {
    this.#result = start({ [mark]: this.#mark.slice(mark.length + 1) }).finally(() => {
      this.#isOver = true;
    });
  }

  /**
   * Looks until there is something to see.
   *
   * @throws AssertionError with the run's output if it ends before
   */
  async until<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
    for (;;) {
      const isOver = this.#isOver;
      const seen = await look();
      if (seen !== undefined) return seen;
      if (isOver) assert.fail(`the run ended before ${what}:\n${(await this.#result).output}`);
      await pause(lookEveryMs);
    }
  }

  /** What the run came to, if it was let live. */
  result(): Promise<CommandResult> {
    return this.#result;
  }

  /** Ends every process of the run at once, as a power cut would. */
  async kill(): Promise<void> {
    for (let pids = await this.#processes(); pids.length > 0; pids = await this.#processes()) {
      for (const pid of pids) killProcess(pid);
    }
    await this.#result;
  }

  /** Ends one process of the run, and resolves with what the others made of it. */
  async killOne(pid: number): Promise<CommandResult> {
    assert.ok((await this.#processes()).includes(pid), `process ${String(pid)} is not of the run`);
    killProcess(pid);
    return await this.#result;
  }

  async #processes(): Promise<readonly number[]> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(
      pids.map(async (pid) => {
        const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
        return environment.split("\0").includes(this.#mark) ? [Number(pid)] : [];
      }),
    );
    return found.flat();
  }
}

/**
 * Runs a command up to a phase boundary, `WorkerNode:join` for example, where the provider stands still, and kills the
 * provider alone or the whole run there.
 *
 * @throws AssertionError if the run ends before it gets there, or does not fail when its provider is gone
 */
export async function killAt(stop: string, victim: "provider" | "run", start: Start): Promise<void> {
  const file = join(tmpdir(), `keelson-stop-${randomUUID()}`);
  const run = new DoomedRun((env) =>
    start({ ...env, KEELSON_TEST_STOP_AT: stop, KEELSON_TEST_STOP_FILE: file }),
  );
  try {
    const pid = await run.until(`"${stop}"`, () => readPid(file));
    if (victim === "run") await run.kill();
    else assert.notEqual((await run.killOne(pid)).exitCode, 0);
  } finally {
    await rm(file, { force: true });
  }
}

async function readPid(file: string): Promise<number | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.endsWith("\n") ? Number(text) : undefined;
}

/** Ends a process that may have ended by itself. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
