import { readdirSync, readFileSync } from "node:fs";

const intervalMs = 50;

/** Collects the command lines of all processes on this computer, its machines' included, until it is stopped. */
export class CommandLines {
  readonly #seen = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** Begins, if it has not begun before. */
  start(): void {
    this.#timer ??= setInterval(() => {
      for (const pid of readdirSync("/proc")) if (/^\d+$/.test(pid)) this.#seen.add(commandLine(pid));
    }, intervalMs);
  }

  get seen(): readonly string[] {
    return [...this.#seen];
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    // It ended between the listing and the look.
    return "";
  }
}
