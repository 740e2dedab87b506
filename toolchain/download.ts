import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { KeelsonError } from "../errors.ts";
import { request } from "./http.ts";
import type { Answer } from "./http.ts";

export interface DownloaderOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Until the connection stands, in milliseconds. @default 3000 */
  readonly connectTimeout?: number;
  /** Without a byte arriving, in milliseconds. @default 30000 */
  readonly idleTimeout?: number;
  /** Further tries after a broken connection or a server error. @default 3 */
  readonly retries?: number;
  /** Pause before the first retry, in milliseconds; it doubles. @default 500 */
  readonly pause?: number;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default - nothing is checked */
  readonly sha256?: string;
  readonly onBytes?: (received: number, total: number | undefined) => void;
}

/** Downloads over HTTP: resumes, retries, verifies, and asks a host that was out of reach only once. */
export class Downloader {
  readonly #options: Required<DownloaderOptions>;
  readonly #unreachable = new Map<string, string>();
  readonly #repeated = new WeakSet<object>();

  constructor(options: DownloaderOptions = {}) {
    this.#options = {
      env: process.env,
      connectTimeout: 3000,
      idleTimeout: 30_000,
      retries: 3,
      pause: 500,
      ...options,
    };
  }

  /** A small text, such as a list of checksums. Throws KEELSON_DOWNLOAD_FAILED. */
  async text(url: string, options: DownloadOptions = {}): Promise<string> {
    return await this.#retry(url, options.signal, async () => {
      const answer = await this.open(url, options);
      let body = "";
      for await (const chunk of answer.body) body += String(chunk);
      return body;
    });
  }

  /**
   * A file with its checksum verified; it appears under its name only when it is whole, and a broken download goes on
   * where it stopped. Throws KEELSON_DOWNLOAD_FAILED and KEELSON_CHECKSUM_MISMATCH.
   */
  async file(url: string, target: string, options: DownloadOptions = {}): Promise<void> {
    const part = `${target}.part`;
    await mkdir(dirname(target), { recursive: true });
    const resumed = await sizeOf(part);
    await this.#retry(url, options.signal, () => this.#fetchRest(url, part, options));
    if (options.sha256 !== undefined) {
      let actual = await sha256Of(part);
      if (actual !== options.sha256 && resumed > 0) {
        // The rest of an older file may have been glued to the beginning of a newer one.
        await rm(part);
        await this.#retry(url, options.signal, () => this.#fetchRest(url, part, options));
        actual = await sha256Of(part);
      }
      if (actual !== options.sha256) {
        await rm(part);
        throw new KeelsonError(
          "KEELSON_CHECKSUM_MISMATCH",
          `Cannot use "${url}": its sha256 is ${actual}, published is ${options.sha256}`,
        );
      }
    }
    await rename(part, target);
  }

  /** The answer of one request that succeeded, with its body unread. Throws KEELSON_DOWNLOAD_FAILED. */
  async open(url: string, options: DownloadOptions = {}): Promise<Answer> {
    const answer = await this.probe(url, options);
    if (answer.status < 300) return answer;
    answer.body.resume();
    throw failure(url, `the server answered ${answer.status}`, { cause: new StatusError(answer.status) });
  }

  /** The answer of one request whatever its status, with its body unread. Throws KEELSON_DOWNLOAD_FAILED. */
  async probe(url: string, { headers = {}, signal }: DownloadOptions = {}): Promise<Answer> {
    const { host } = new URL(url);
    const known = this.#unreachable.get(host);
    if (known !== undefined) {
      const repeated = failure(url, known, { cause: undefined });
      this.#repeated.add(repeated);
      throw repeated;
    }
    const { env, connectTimeout, idleTimeout } = this.#options;
    try {
      return await request(url, { headers, env, connectTimeout, idleTimeout, signal });
    } catch (cause) {
      if (signal?.aborted)
        throw new KeelsonError("KEELSON_ABORTED", `Cannot download "${url}": the run was cancelled`);
      if (isUnreachable(cause))
        this.#unreachable.set(host, `${host} was out of reach before (${messageOf(cause)})`);
      throw failure(url, messageOf(cause), { cause });
    }
  }

  /** True for an error that only says again that a host is out of reach, which a reader knows by then. */
  isRepeated(error: KeelsonError): boolean {
    return this.#repeated.has(error);
  }

  async #fetchRest(url: string, part: string, options: DownloadOptions): Promise<void> {
    const have = await sizeOf(part);
    const headers = have > 0 ? { ...options.headers, range: `bytes=${have}-` } : { ...options.headers };
    let answer: Answer;
    try {
      answer = await this.open(url, { ...options, headers });
    } catch (error) {
      // Nothing is left to send: the part is whole already, which the checksum will tell.
      if (statusOf(error) === 416) return;
      throw error;
    }
    const resumes = answer.status === 206;
    let received = resumes ? have : 0;
    const length = answer.headers["content-length"];
    const total = length === undefined ? undefined : received + Number(length);
    answer.body.on("data", (chunk: Buffer) => {
      received += chunk.length;
      options.onBytes?.(received, total);
    });
    await pipeline(answer.body, createWriteStream(part, { flags: resumes ? "a" : "w" }));
    if (total !== undefined && received !== total)
      throw new Error(`the connection ended after ${received} of ${total} bytes`);
  }

  async #retry<T>(url: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (signal?.aborted)
          throw new KeelsonError("KEELSON_ABORTED", `Cannot download "${url}": the run was cancelled`);
        const isFinal =
          attempt >= this.#options.retries ||
          this.#unreachable.has(new URL(url).host) ||
          isClientError(error);
        if (isFinal) throw KeelsonError.is(error) ? error : failure(url, messageOf(error), { cause: error });
        await delay(this.#options.pause * 2 ** attempt, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

/** The sha256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

class StatusError extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`HTTP status ${status}`);
    this.status = status;
  }
}

function failure(url: string, state: string, options: { cause: unknown }): KeelsonError {
  return new KeelsonError("KEELSON_DOWNLOAD_FAILED", `Cannot download "${url}": ${state}`, options);
}

function statusOf(error: unknown): number | undefined {
  return KeelsonError.is(error) && error.cause instanceof StatusError ? error.cause.status : undefined;
}

function isClientError(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status < 500 && status !== 408 && status !== 429;
}

function isUnreachable(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  return [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ECONNECTTIMEOUT",
  ].includes(code);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
