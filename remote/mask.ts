const shortest = 4;
const shortestLine = 8;
const shown = "[secret]";

/** Hides registered secrets in text that people read: log lines, commands, errors. */
export class Masker {
  readonly #forms = new Set<string>();
  #longestFirst: readonly string[] | undefined;

  /** Registers a secret. Values under four characters are ignored: hiding them would make every line unreadable. */
  add(secret: string | undefined): void {
    if (secret === undefined) return;
    const before = this.#forms.size;
    for (const form of formsOf(secret)) this.#forms.add(form);
    if (this.#forms.size > before) this.#longestFirst = undefined;
  }

  /** The text with every form of every registered secret replaced. */
  mask(text: string): string {
    this.#longestFirst ??= [...this.#forms].sort((a, b) => b.length - a.length);
    // No pattern is made of them: one of a large secret does not compile, and the error would quote it.
    let pieces = [text];
    for (const form of this.#longestFirst) pieces = pieces.flatMap((piece) => piece.split(form));
    return pieces.join(shown);
  }
}

function* formsOf(secret: string): Generator<string> {
  const trimmed = secret.trim();
  if (trimmed.length < shortest) return;
  yield* spellings(trimmed);
  // Logs arrive line by line, so each line of a key must be known by itself. The fence lines are no secret.
  const lines = trimmed.split(/\r?\n/);
  if (lines.length === 1) return;
  for (const line of lines.map((each) => each.trim())) {
    if (line.length >= shortestLine && !line.startsWith("-----")) yield* spellings(line);
  }
}

function* spellings(text: string): Generator<string> {
  yield text;
  yield JSON.stringify(text).slice(1, -1);
  yield* base64Spellings(Buffer.from(text));
}

/** Base64 of the secret at each of the three alignments it can have inside a longer encoded text. */
function* base64Spellings(secret: Buffer): Generator<string> {
  yield secret.toString("base64");
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), secret])
      .toString("base64")
      .replace(/=+$/, "");
    // The first and last characters are shared with the neighbouring bytes.
    const start = Math.ceil((offset * 8) / 6);
    const end = encoded.length - ((offset + secret.length) % 3 === 0 ? 0 : 1);
    const inner = encoded.slice(start, end);
    if (inner.length < shortest) continue;
    yield inner;
    yield inner.replaceAll("+", "-").replaceAll("/", "_");
  }
}
