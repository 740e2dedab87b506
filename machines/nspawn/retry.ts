import { setTimeout as pause } from "node:timers/promises";
import { throwIfAborted } from "../../errors.ts";

/**
 * Tries until there is a result or the time (in ms) is over; then undefined. The pauses grow from 20 to 250 ms.
 * Throws KEELSON_ABORTED when the signal fires.
 */
export async function retryUntil<T>(
  milliseconds: number,
  attempt: () => Promise<T | undefined>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const deadline = performance.now() + milliseconds;
  for (let wait = 20; ; wait = Math.min(250, wait * 1.5)) {
    const result = await attempt();
    if (result !== undefined || performance.now() > deadline) return result;
    await pause(wait, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    throwIfAborted(signal, "wait for the machine");
  }
}
