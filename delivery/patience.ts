import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import { KubeError } from "../kube/errors.ts";
import { isEtcdFailure } from "../kube/etcd-failure.ts";

/** What a refusal means for who asked: ask at once again, ask later, or never in the same words. */
export type RefusalClass = "again" | "later" | "final";

export interface Patient<Answer> {
  /** `apply Deployment shop/web`, for messages. */
  readonly what: string;
  readonly send: () => Promise<Answer>;
  /** Whether the run itself makes what the server may not find yet: a namespace, a definition. */
  readonly isExpected?: boolean;
  readonly onWaiting?: (why: string) => void;
  readonly signal: AbortSignal | undefined;
  /** How long to ask, in milliseconds. @default 30000 */
  readonly patienceMs?: number;
}

const soonest = 5;
const firstPauseMs = 250;
const longestPauseMs = 4000;

/**
 * Sends a request that may be repeated, as long as its refusal is one that passes: another writer was faster, an
 * admission webhook is starting, a namespace is still going, the server's etcd failed it. Connections that fail are the
 * client's matter.
 *
 * @throws what the last try threw; KeelsonError KEELSON_ABORTED
 */
export async function withPatience<Answer>(request: Patient<Answer>): Promise<Answer> {
  const { what, send, isExpected = false, onWaiting, signal, patienceMs = 30_000 } = request;
  const deadline = performance.now() + patienceMs;
  let pauseMs = firstPauseMs;
  for (let races = 0; ;) {
    throwIfAborted(signal, what);
    try {
      return await send();
    } catch (error) {
      const refusal = refusalClass(error, isExpected);
      if (refusal === "again") races += 1;
      if (refusal === "final" || races > soonest || performance.now() + pauseMs > deadline) throw error;
      if (refusal === "again") continue;
      onWaiting?.(error instanceof Error ? error.message : String(error));
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}

/** Judges a refusal by what the server says in fields; what of etcd passes is in its words alone. Pure. */
export function refusalClass(error: unknown, isExpected: boolean): RefusalClass {
  if (!KeelsonError.is(error) || error.code !== "KEELSON_API_REFUSED") return "final";
  // A refusal of ours: the kind is not served.
  if (!(error instanceof KubeError)) return isExpected ? "later" : "final";
  const { status, causes } = error;
  if (status === 404) return isExpected ? "later" : "final";
  if (status === 409) return causes.length === 0 ? "again" : "final";
  if (causes.some((cause) => cause.reason === "NamespaceTerminating")) return "later";
  return isPassing(error) || isEtcdFailure(error) ? "later" : "final";
}

/** A webhook that does not answer is an internal error; without that reason, 500 is for an object without sense. */
function isPassing({ status, reason }: KubeError): boolean {
  return status === 500 ? reason === "InternalError" : passing.has(status);
}

const passing: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);
