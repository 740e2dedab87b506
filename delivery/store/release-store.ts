import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { stableJson } from "../../clusters/data/stable-json.ts";
import { KeelsonError } from "../../errors.ts";
import type { KubeObject } from "../../kube/object.ts";
import { parallel } from "../../remote/parallel.ts";
import type { BlobOptions, Blobs } from "./blobs.ts";
import type { Seal } from "./seal.ts";
import { readRelease, writeRelease } from "./sealed-objects.ts";

const pack = promisify(gzip);
const unpack = promisify(gunzip);
const releases = "releases/";
const dayMs = 24 * 60 * 60 * 1000;
const digestPattern = /^sha256:[0-9a-f]{64}$/u;
const namePattern = /^[a-z0-9][a-z0-9._/-]*$/u;

/** Which releases are kept when the others are thrown away. */
export interface KeepRule {
  /** Digests that are in use, or may be gone back to. */
  readonly used: ReadonlySet<string>;
  /** Others are kept for so many days after they were last asked for. @default 30 */
  readonly days?: number;
  /** @default - now */
  readonly now?: Date;
}

/** What throwing away came to. */
export interface Collected {
  readonly kept: number;
  /** Digests. */
  readonly removed: readonly string[];
}

/**
 * Keeps what was rendered, so that it can be applied again without the code that rendered it. A release is found by the
 * digest of what is stored: compressed JSON in which the values of Secrets are encrypted.
 */
export class ReleaseStore {
  readonly #blobs: Blobs;
  readonly #seal: Seal;

  constructor(blobs: Blobs, seal: Seal) {
    this.#blobs = blobs;
    this.#seal = seal;
  }

  /** For messages: where it is. */
  get place(): string {
    return this.#blobs.place;
  }

  /** Keeps a release, unless it is there already, and returns its digest, `sha256:…`. */
  async put(objects: readonly KubeObject[], options: BlobOptions = {}): Promise<string> {
    const text = writeRelease(objects, this.#seal);
    const digest = digestOf(text);
    const name = nameOf(digest);
    const before = await this.#blobs.writtenAt(name, options);
    // What is asked for again is young again, so that nobody throws it away meanwhile.
    if (before !== undefined && Date.now() - before.getTime() < dayMs) return digest;
    await this.#blobs.write(name, await pack(text), options);
    return digest;
  }

  /**
   * The objects of a release.
   *
   * @throws KeelsonError KEELSON_RELEASE_MISSING, KEELSON_RELEASE_UNREADABLE if it was changed or sealed with another key,
   * KEELSON_STORE_UNAVAILABLE
   */
  async get(digest: string, options: BlobOptions = {}): Promise<readonly KubeObject[]> {
    const packed = digestPattern.test(digest) ? await this.#blobs.read(nameOf(digest), options) : undefined;
    if (packed === undefined) {
      throw new KeelsonError(
        "KEELSON_RELEASE_MISSING",
        `Cannot read release "${digest}": it is not in "${this.place}"`,
      );
    }
    const text = await unpack(packed).then(String, () => undefined);
    if (text === undefined || digestOf(text) !== digest) {
      throw unreadable(`release "${digest}"`, "it is not what was stored");
    }
    const objects = readRelease(text, this.#seal);
    if (objects === undefined) throw unreadable(`release "${digest}"`, "it was sealed with another key");
    return objects;
  }

  /** Keeps a record under a name, as a whole sealed, unless it is there already. */
  async writeRecord(name: string, value: unknown, options: BlobOptions = {}): Promise<void> {
    const sealed = Buffer.from(this.#seal.close(stableJson(value), placeOf(name)));
    const before = await this.#blobs.read(recordName(name), options);
    // Equal values are sealed to equal bytes, and a write to disk takes much longer than a look.
    if (before?.equals(sealed) !== true) await this.#blobs.write(recordName(name), sealed, options);
  }

  /**
   * The record of that name; undefined if there is none.
   *
   * @throws KeelsonError KEELSON_RELEASE_UNREADABLE, KEELSON_STORE_UNAVAILABLE
   */
  async readRecord(name: string, options: BlobOptions = {}): Promise<unknown> {
    const sealed = await this.#blobs.read(recordName(name), options);
    if (sealed === undefined) return undefined;
    const text = this.#seal.open(sealed.toString(), placeOf(name));
    if (text === undefined)
      throw unreadable(`record "${name}"`, "it was changed, or sealed with another key");
    return JSON.parse(text);
  }

  /** Names of the records that begin so. */
  async listRecords(prefix: string, options: BlobOptions = {}): Promise<readonly string[]> {
    const blobs = await this.#blobs.list(`records/${prefix}`, options);
    return blobs.map(({ name }) => name.slice("records/".length));
  }

  /** Forgets a record. */
  async removeRecord(name: string, options: BlobOptions = {}): Promise<void> {
    await this.#blobs.remove(recordName(name), options);
  }

  /** Throws away the releases that the rule does not keep. */
  async collect(rule: KeepRule, options: BlobOptions = {}): Promise<Collected> {
    const { used, days = 30, now = new Date() } = rule;
    const all = await this.#blobs.list(releases, options);
    const old = all.filter(
      ({ name, writtenAt }) =>
        !used.has(digestIn(name)) && now.getTime() - writtenAt.getTime() > days * dayMs,
    );
    const what = { what: `clear "${this.place}"`, where: ({ name }: { name: string }) => name, ...options };
    await parallel(old, what, ({ name }) => this.#blobs.remove(name, options));
    return { kept: all.length - old.length, removed: old.map(({ name }) => digestIn(name)) };
  }
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

function nameOf(digest: string): string {
  return `${releases}${digest.slice("sha256:".length)}.json.gz`;
}

function digestIn(name: string): string {
  return `sha256:${name.slice(releases.length, -".json.gz".length)}`;
}

function recordName(name: string): string {
  if (!namePattern.test(name) || name.includes("..")) {
    throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot keep a record "${name}": that is no name`);
  }
  return `records/${name}`;
}

function placeOf(name: string): string {
  return `record ${name}`;
}

function unreadable(what: string, state: string): KeelsonError {
  return new KeelsonError("KEELSON_RELEASE_UNREADABLE", `Cannot read ${what}: ${state}`);
}
