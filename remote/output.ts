import { StringDecoder } from "node:string_decoder";

/** The most that is kept of one stream of a command, in bytes. */
export const outputLimit = 16 * 1024 * 1024;

/** Keeps what a command writes and tells its lines as they arrive. */
export class Output {
  readonly #chunks: Buffer[] = [];
  readonly #decoder = new StringDecoder("utf8");
  readonly #onLine: ((line: string) => void) | undefined;
  #size = 0;
  #line = "";

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** False if the limit is passed. */
  push(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size > outputLimit) return false;
    this.#chunks.push(chunk);
    if (this.#onLine !== undefined) this.#tell(this.#decoder.write(chunk));
    return true;
  }

  /** Tells a last line that has no end, too. */
  end(): void {
    if (this.#onLine === undefined) return;
    this.#tell(this.#decoder.end());
    if (this.#line !== "") this.#onLine(this.#line);
    this.#line = "";
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  #tell(text: string): void {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) this.#onLine?.(line.replace(/\r$/, ""));
  }
}
