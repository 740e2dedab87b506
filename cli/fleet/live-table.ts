import type { FleetEvent } from "./events.ts";
import { describeEvent } from "./events.ts";
import { advanceTable, renderTable, type TableView } from "./table.ts";

/** What of a terminal a table needs. */
export interface Terminal {
  readonly write: (text: string) => void;
  /** Undefined if nobody knows. */
  readonly columns?: number;
  readonly rows?: number;
}

const tickMs = 1000;

/** A table of clusters at the end of a terminal, drawn anew where it stands. What must stay is written above it. */
export class LiveTable {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #view: TableView | undefined;
  #drawn = 0;

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#now = now;
    this.#timer = setInterval(() => {
      this.#draw([]);
    }, tickMs).unref();
  }

  readonly onEvent = (event: FleetEvent): void => {
    this.#view = advanceTable(this.#view, event, this.#now());
    const line = describeEvent(event).replaceAll(/[^\P{Cc}\n]/gu, " ");
    if (event.type === "ends") {
      this.#draw([]);
      this.#terminal.write(`${line}\n`);
      [this.#view, this.#drawn] = [undefined, 0];
    } else this.#draw(isKept(event) ? [line] : []);
  };

  /** Leaves the table as it is. */
  close(): void {
    clearInterval(this.#timer);
  }

  #draw(kept: readonly string[]): void {
    if (this.#view === undefined && kept.length === 0) return;
    const { columns = 80, rows = 24 } = this.#terminal;
    const table = this.#view === undefined ? [] : renderTable(this.#view, this.#now(), { columns, rows });
    // Up to the first line of the table, and everything from there on is cleared.
    const back = this.#drawn === 0 ? "" : `\u001b[${this.#drawn}A\u001b[0J`;
    this.#terminal.write(back + [...kept, ...table].map((line) => `${line}\n`).join(""));
    this.#drawn = table.length;
  }
}

/** Whether an event is worth a line that stays: the table forgets it. */
function isKept(event: FleetEvent): boolean {
  return event.type === "cluster" ? event.reason !== undefined : event.type !== "wave";
}
