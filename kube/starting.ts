import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import { hasStatus } from "./errors.ts";

/** A request and what tells whether its refusal is final. */
export interface Refusable<Answer> {
  /** `read /api/v1/nodes`, for messages. */
  readonly what: string;
  readonly send: () => Promise<Answer>;
  /** Whether the server says that it is ready. */
  readonly isReady: () => Promise<boolean>;
  readonly signal?: AbortSignal;
  /** How long a server may take to become ready, in milliseconds. @default 20000 */
  readonly patienceMs?: number;
  /** In milliseconds. @default 250 */
  readonly pauseMs?: number;
}

/**
 * Sends a request, again and again while a server that starts refuses it: until it has read its roles it forbids
 * everything to everybody but its own superuser. A server that is ready means what it says.
 *
 * @throws KubeError if a server that is ready refuses
 * @throws KeelsonError KEELSON_API_UNAVAILABLE if it refuses and does not become ready; KEELSON_ABORTED
 */
export async function pastStart<Answer>(request: Refusable<Answer>): Promise<Answer> {
  const { what, send, isReady, signal, patienceMs = 20_000, pauseMs = 250 } = request;
  const deadline = Date.now() + patienceMs;
  for (let wasReady = false; ;) {
    throwIfAborted(signal, what);
    try {
      return await send();
    } catch (error) {
      if (!hasStatus(error, 403) || wasReady) throw error;
      wasReady = await isReady();
      if (wasReady) continue;
      if (Date.now() >= deadline) throw notReady(what, error);
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function notReady(what: string, cause: Error): KeelsonError {
  return new KeelsonError(
    "KEELSON_API_UNAVAILABLE",
    `Cannot ${what}: the API server refuses it and is not ready: ${cause.message}`,
    { cause },
  );
}
