import { setTimeout as pause } from "node:timers/promises";

/**
 * How long the others let one host go first, in milliseconds: less than kubeadm needs on that host afterwards, so that
 * nobody waits for hosts that began later. Also where packages come slowly.
 */
const longestMs = 15_000;

/** Lets one of several hosts go first on what they share: the way from the mirror, or the upload. */
export class HeadStart {
  readonly #over = new AbortController();
  readonly #longestMs: number;

  constructor(limitMs = longestMs) {
    this.#longestMs = limitMs;
  }

  /** The first host needs nothing of it any more. */
  end(): void {
    this.#over.abort();
  }

  /** Resolves when the head start ends: by itself, after its time, or with the run. */
  async wait(signal: AbortSignal): Promise<void> {
    const ends = AbortSignal.any([signal, this.#over.signal]);
    await pause(this.#longestMs, undefined, { signal: ends }).catch(() => undefined);
  }
}
