import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { asRoot } from "./become-root.ts";
import type { RootMethod } from "./become-root.ts";

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A shell command, wrapped so that its beginning can be told from what came before it. */
export interface WrappedCommand {
  readonly line: string;
  /** What sudo prints to ask for the password. */
  readonly prompt: string;
  /** What the command's shell prints on stderr, with its process group, when it begins. */
  readonly marker: string;
}

/** Wraps a command: root if wanted, a fixed environment, and a first line on stderr that says it began. */
export function wrap(command: string, method: RootMethod): WrappedCommand {
  const nonce = randomBytes(12).toString("hex");
  const marker = `keelson-began-${nonce}`;
  const prompt = `keelson-asks-${nonce}:`;
  const script = [
    `PATH="$PATH:${path}"; LC_ALL=C; export PATH LC_ALL; umask 022`,
    // The fifth field of stat is the process group, by which everything that the command starts can be ended.
    "{ read -r _ _ _ _ keelson_group _ </proc/$$/stat; } 2>/dev/null",
    `echo "${marker} \${keelson_group:-$$}" >&2`,
    command,
  ].join("\n");
  return { line: asRoot(method, script, prompt), prompt, marker };
}

/** Follows stderr until the command begins, and hands on only what the command itself writes. */
export class CommandStart {
  /** Resolves with the process group when the command began, with undefined if it never did. */
  readonly began: Promise<number | undefined>;
  /** What was written before the command began: complaints of sudo or of the login shell. */
  preface = "";
  readonly #wrapped: WrappedCommand;
  #seen = Buffer.alloc(0);
  #hasBegun = false;
  #prompts = 0;
  #resolve: (group: number | undefined) => void = () => undefined;

  constructor(wrapped: WrappedCommand, stderr: Readable) {
    this.#wrapped = wrapped;
    this.began = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    stderr.once("end", () => {
      this.#resolve(undefined);
    });
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Takes a piece of stderr: what of it the command wrote, and how many prompts it holds. */
  push(chunk: Buffer): { readonly output: Buffer; readonly prompts: number } {
    if (this.#hasBegun) return { output: chunk, prompts: 0 };
    this.#seen = Buffer.concat([this.#seen, chunk]);
    const prompts = this.#newPrompts();
    const start = this.#seen.indexOf(`${this.#wrapped.marker} `);
    const end = start < 0 ? -1 : this.#seen.indexOf("\n", start);
    if (end < 0) {
      this.preface = this.#seen.toString();
      return { output: Buffer.alloc(0), prompts };
    }
    this.#hasBegun = true;
    const group = Number(this.#seen.toString("latin1", start + this.#wrapped.marker.length + 1, end));
    const output = this.#seen.subarray(end + 1);
    this.#seen = Buffer.alloc(0);
    this.#resolve(Number.isInteger(group) && group > 1 ? group : undefined);
    return { output, prompts };
  }

  #newPrompts(): number {
    const all = this.#seen.toString("latin1").split(this.#wrapped.prompt).length - 1;
    const fresh = all - this.#prompts;
    this.#prompts = all;
    return fresh;
  }
}
