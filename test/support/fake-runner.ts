import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { CommandError, KeelsonError, throwIfAborted } from "../../errors.ts";
import { Masker } from "../../remote/mask.ts";
import type {
  Runner,
  RunnerPool,
  RunOptions,
  RunResult,
  Session,
  WriteOptions,
} from "../../remote/runner.ts";

/** What a fake host answers: its standard output, or more than that. */
export type Reply = string | Partial<RunResult>;

/** A pattern of a command line, and the answer or how to find it. */
export type Rule = readonly [
  RegExp | string,
  Reply | ((command: string, stdin: string) => Reply | Promise<Reply>),
];

/** One thing that was done to the fake host. */
export interface Ran {
  readonly command: string;
  readonly stdin: string;
  readonly sudo: boolean;
}

/** A host made of rules: the first rule that matches a command answers it, and a command without a rule fails the test. */
export class FakeRunner implements Runner {
  readonly host: string;
  readonly ran: Ran[] = [];
  readonly files = new Map<string, Buffer>();
  readonly modes = new Map<string, number>();
  /** Answers `dial`. */
  dialer: (address: string, port: number) => Promise<Duplex> = (address, port) =>
    Promise.reject(new Error(`The fake host "${this.host}" has no way to ${address}:${port}`));
  closed = 0;
  readonly #rules: Rule[];
  readonly #masker: Masker;

  constructor(host: string, rules: readonly Rule[] = [], masker = new Masker()) {
    this.host = host;
    this.#rules = [...rules];
    this.#masker = masker;
  }

  /** Adds rules that win over the earlier ones. */
  when(...rules: readonly Rule[]): this {
    this.#rules.unshift(...rules);
    return this;
  }

  /** The command lines in the order in which they ran. */
  get commands(): readonly string[] {
    return this.ran.map(({ command }) => command);
  }

  async run(command: string, options: RunOptions = {}): Promise<RunResult> {
    throwIfAborted(options.signal, `run "${command}" on ${this.host}`);
    const stdin = Buffer.from(options.stdin ?? "").toString();
    this.ran.push({ command, stdin, sudo: options.sudo ?? true });
    const { exitCode, stdout, stderr } = await this.#answer(command, stdin);
    for (const line of `${stdout}${stderr}`.split("\n").filter((each) => each !== "")) {
      options.onLine?.(this.#masker.mask(line));
    }
    if ((options.okCodes ?? [0]).includes(exitCode)) return { exitCode, stdout, stderr };
    throw new CommandError({
      host: this.host,
      command: this.#masker.mask(command),
      exitCode,
      stdout,
      stderr,
    });
  }

  read(path: string): Promise<Buffer | undefined> {
    return Promise.resolve(this.files.get(path));
  }

  write(path: string, content: string | Uint8Array, options: WriteOptions = {}): Promise<void> {
    throwIfAborted(options.signal, `write ${path} on ${this.host}`);
    this.files.set(path, Buffer.from(content));
    this.modes.set(path, options.mode ?? 0o644);
    return Promise.resolve();
  }

  async upload(localPath: string, path: string, options: WriteOptions & { sha256: string }): Promise<void> {
    const content = await readFile(localPath);
    if (createHash("sha256").update(content).digest("hex") !== options.sha256) {
      throw new KeelsonError(
        "KEELSON_CHECKSUM_MISMATCH",
        `Cannot write ${path} on ${this.host}: wrong SHA-256`,
      );
    }
    await this.write(path, content, options);
  }

  async open(command: string, options: { signal?: AbortSignal; stdin?: string } = {}): Promise<Session> {
    const { stdout } = await this.run(command, {
      ...(options.signal && { signal: options.signal }),
      ...(options.stdin !== undefined && { stdin: options.stdin }),
    });
    let end: (code: number) => void = () => undefined;
    const ended = new Promise<number>((resolve) => {
      end = resolve;
    });
    options.signal?.addEventListener("abort", () => {
      end(143);
    });
    return {
      firstLine: stdout.split("\n")[0] ?? "",
      ended,
      close: () => {
        end(0);
        return Promise.resolve();
      },
    };
  }

  dial(address: string, port: number): Promise<Duplex> {
    return this.dialer(address, port);
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }

  async #answer(command: string, stdin: string): Promise<RunResult> {
    const rule = this.#rules.find(([pattern]) =>
      typeof pattern === "string" ? pattern === command : pattern.test(command),
    );
    if (rule === undefined) throw new Error(`The fake host "${this.host}" has no rule for: ${command}`);
    const [, reply] = rule;
    const given = typeof reply === "function" ? await reply(command, stdin) : reply;
    const full = typeof given === "string" ? { stdout: given } : given;
    return { exitCode: 0, stdout: "", stderr: "", ...full };
  }
}

/** A pool of fake hosts; asking for a host that it does not hold fails the test. */
export function fakePool(...runners: readonly Runner[]): RunnerPool {
  return {
    get: (host: string): Runner => {
      const runner = runners.find((each) => each.host === host);
      if (runner === undefined) throw new Error(`The fake pool has no host "${host}"`);
      return runner;
    },
    close: () => Promise.resolve(),
  };
}
