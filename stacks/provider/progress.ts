import type { Masker } from "../../remote/mask.ts";

export type Severity = "info" | "warning";

/** Where the engine shows lines: on a resource's row for a moment, or as a lasting diagnostic below it. */
export interface EngineLog {
  /** Resolves when the line has arrived, or cannot arrive. */
  log(line: { urn: string; severity: Severity; message: string; ephemeral: boolean }): Promise<void>;
}

const statusIntervalMs = 250;

/**
 * One resource's row. Every line is masked. Status lines are sent at most four times a second, since each of them
 * redraws the display; the newest one always arrives.
 */
export class Row {
  readonly #engine: EngineLog;
  readonly #masker: Masker;
  readonly #urn: string;
  #waiting: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #notes = Promise.resolve();

  constructor(engine: EngineLog, masker: Masker, urn: string) {
    this.#engine = engine;
    this.#masker = masker;
    this.#urn = urn;
  }

  /** Shows what is being done now. */
  status(line: string): void {
    if (this.#timer !== undefined) {
      this.#waiting = line;
      return;
    }
    void this.#send("info", line, true);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, statusIntervalMs);
    this.#timer.unref();
  }

  /** Adds a line that stays. */
  note(severity: Severity, message: string): void {
    const sent = this.#send(severity, message, false);
    this.#notes = this.#notes.then(() => sent);
  }

  /** Ends the row: a status line that still waits is dropped, the lines that stay have arrived. */
  close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#waiting = undefined;
    return this.#notes;
  }

  #flush(): void {
    const line = this.#waiting;
    this.#waiting = undefined;
    if (line !== undefined) this.status(line);
  }

  #send(severity: Severity, message: string, ephemeral: boolean): Promise<void> {
    return this.#engine.log({ urn: this.#urn, severity, message: this.#masker.mask(message), ephemeral });
  }
}
