import { once } from "node:events";
import type { Duplex } from "node:stream";

/** Takes bytes off a stream in the numbers that a protocol wants. */
export class ByteReader {
  readonly #stream: Duplex;
  readonly #signal: AbortSignal;
  #bytes = Buffer.alloc(0);

  constructor(stream: Duplex, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
  }

  /** The next bytes. Rejects if the stream ends before them, or when the signal is aborted. */
  async take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) {
      // Everything that is there, since waiting for more while some is left would return at once, for ever.
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) this.#bytes = Buffer.concat([this.#bytes, chunk]);
      else if (this.#stream.readableEnded || this.#stream.destroyed)
        throw new Error("the other side went away");
      else await once(this.#stream, "readable", { signal: this.#signal });
    }
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  /** Gives back to the stream what was read too far. */
  giveBack(): void {
    if (this.#bytes.length > 0) this.#stream.unshift(this.#bytes);
    this.#bytes = Buffer.alloc(0);
  }
}
