import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

const firstPauseMs = 200;
const usualPauseMs = 2000;
const longestDiagnosisMs = 5000;
const transient: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "KEELSON_HOST_UNREACHABLE",
  "KEELSON_API_UNAVAILABLE",
  "KEELSON_COMMAND_FAILED",
  "KEELSON_TIMEOUT",
]);

export interface Wait<Value> {
  /** What is waited for: `the API server of cp1 to answer`. */
  readonly what: string;
  /** How long to wait, in milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /**
   * Looks once; undefined means not yet. An unreachable host or API and a failed command mean not yet, too, and are
   * the diagnosis until `diagnose` has a better one; any other error ends the wait.
   */
  readonly probe: (signal: AbortSignal) => Promise<Value | undefined>;
  /** Finds out why it is not yet so. Called every few seconds and at the deadline, with a signal of a few seconds. */
  readonly diagnose?: (signal: AbortSignal) => Promise<string>;
  /** Hears the diagnosis every few seconds. */
  readonly onWaiting?: (diagnosis: string) => void;
  /** How long a slow wait rests between two looks at most, in milliseconds: less where a look is cheap. @default 2000 */
  readonly longestPauseMs?: number;
  /** How often a slow wait reports, in milliseconds. @default 5000 */
  readonly reportMs?: number;
}

/**
 * Looks again and again, soon at first, until the probe has a value, and says why it waits when it is slow.
 *
 * @throws KeelsonError KEELSON_TIMEOUT with the last diagnosis, KEELSON_ABORTED
 */
export async function waitFor<Value>(wait: Wait<Value>): Promise<Value> {
  const deadline = AbortSignal.timeout(wait.deadlineMs);
  const signal = wait.signal === undefined ? deadline : AbortSignal.any([wait.signal, deadline]);
  const reporter = new Reporter(wait);
  const { longestPauseMs = usualPauseMs } = wait;
  for (let pauseMs = firstPauseMs; ; pauseMs *= 1.5) {
    throwIfAborted(wait.signal, `wait for ${wait.what}`);
    const seen = await look(wait, signal);
    if (seen.value !== undefined) return seen.value;
    if (deadline.aborted) throw timedOut(wait, await reporter.last());
    await reporter.report(seen.why, signal);
    await rest(Math.min(pauseMs, longestPauseMs), signal);
  }
}

/** Finds out why a wait lasts, every few seconds and once at the end. */
class Reporter {
  readonly #wait: Wait<unknown>;
  #reported = performance.now();
  #why = "";

  constructor(wait: Wait<unknown>) {
    this.#wait = wait;
  }

  async report(why: string, signal: AbortSignal): Promise<void> {
    if (why !== "") this.#why = why;
    if (performance.now() - this.#reported < (this.#wait.reportMs ?? 5000)) return;
    this.#reported = performance.now();
    await this.#diagnose(signal);
    if (!signal.aborted) this.#wait.onWaiting?.(this.#why === "" ? "not yet" : this.#why);
  }

  async last(): Promise<string> {
    await this.#diagnose(AbortSignal.timeout(longestDiagnosisMs));
    return this.#why;
  }

  async #diagnose(signal: AbortSignal): Promise<void> {
    try {
      const found = await this.#wait.diagnose?.(signal);
      if (found !== undefined && found !== "") this.#why = found;
    } catch (error) {
      // The wait is about the probe; a diagnosis that fails must not replace its answer.
      if (this.#why === "") this.#why = error instanceof Error ? error.message : String(error);
    }
  }
}

async function look<Value>(
  wait: Wait<Value>,
  signal: AbortSignal,
): Promise<{ value: Value | undefined; why: string }> {
  try {
    return { value: await wait.probe(signal), why: "" };
  } catch (error) {
    if (signal.aborted) return { value: undefined, why: "" };
    if (KeelsonError.is(error) && transient.has(error.code)) return { value: undefined, why: error.message };
    throw error;
  }
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}

function timedOut(wait: Wait<unknown>, why: string): KeelsonError {
  const seconds = (wait.deadlineMs / 1000).toLocaleString("en", {
    maximumFractionDigits: 1,
    useGrouping: false,
  });
  return new KeelsonError(
    "KEELSON_TIMEOUT",
    `Cannot wait any longer for ${wait.what}: not so after ${seconds} s${why === "" ? "" : ` (${why})`}`,
  );
}
