import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { AwsClient } from "aws4fetch";
import { KeelsonError, throwIfAborted } from "../../errors.ts";
import type { Blob, BlobOptions, Blobs, WriteOptions } from "./blobs.ts";
import { errorOf, listingOf } from "./s3-answers.ts";

/** A bucket, and how to reach it. */
export interface Bucket {
  readonly name: string;
  /** What all names in it begin with, without `/` at the end. @default "" */
  readonly prefix?: string;
  /** @default "us-east-1" */
  readonly region?: string;
  /** Address of a server that is not Amazon's; the bucket is then a part of the path. */
  readonly endpoint?: string;
  readonly accessKeyId: string;
  /** A secret. */
  readonly secretAccessKey: string;
  /** Belongs to credentials that end. A secret. */
  readonly sessionToken?: string;
}

/** For one try, answer included. */
const timeoutMs = 30_000;
const tries = 4;

/** Blobs as objects of an S3-compatible bucket. Requests are signed by AWS's Signature Version 4, their content too. */
export function s3Blobs(bucket: Bucket): Blobs {
  const { prefix = "", region = "us-east-1", accessKeyId, secretAccessKey, sessionToken } = bucket;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service: "s3",
    region,
    // Tries are counted here, where failed connections count as well.
    retries: 0,
  });
  const [base, place] = [addressOf(bucket, region), `s3://${bucket.name}/${prefix}`];
  const keyOf = (name: string): string => (prefix === "" ? name : `${prefix}/${name}`);
  const ask = (request: S3Request): Promise<Response> => send({ client, base, place }, request);
  return {
    place,
    read: async (name, options) => {
      const answer = await ask({ verb: "read", method: "GET", key: keyOf(name), name, ...options });
      return answer.status === 404 ? undefined : Buffer.from(await answer.arrayBuffer());
    },
    write: async (name, data, { ifAbsent = false, ...options }: WriteOptions = {}) => {
      // Servers that do not know the header overwrite, so the name is asked for as well.
      if (ifAbsent && (await modified(ask, keyOf(name), name, options)) !== undefined) return;
      const headers: Readonly<Record<string, string>> = ifAbsent ? { "If-None-Match": "*" } : {};
      await ask({ verb: "write", method: "PUT", key: keyOf(name), name, data, headers, ...options });
    },
    writtenAt: (name, options) => modified(ask, keyOf(name), name, options),
    list: (start, options) => list(ask, keyOf(start), prefix, options),
    remove: async (name, options) => {
      await ask({ verb: "remove", method: "DELETE", key: keyOf(name), name, ...options });
    },
  };
}

type Ask = (request: S3Request) => Promise<Response>;

interface S3Request extends BlobOptions {
  /** For messages. */
  readonly verb: string;
  readonly name: string;
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: Buffer;
}

interface Way {
  readonly client: AwsClient;
  readonly base: string;
  readonly place: string;
}

/** A name with dots in it would not fit the certificate of Amazon's host names. */
function addressOf({ name, endpoint }: Bucket, region: string): string {
  if (endpoint !== undefined) return `${endpoint.replace(/\/$/u, "")}/${name}`;
  return name.includes(".")
    ? `https://s3.${region}.amazonaws.com/${name}`
    : `https://${name}.s3.${region}.amazonaws.com`;
}

async function modified(
  ask: Ask,
  key: string,
  name: string,
  options: BlobOptions = {},
): Promise<Date | undefined> {
  const answer = await ask({ verb: "look for", method: "HEAD", key, name, ...options });
  return answer.status === 404 ? undefined : new Date(answer.headers.get("Last-Modified") ?? 0);
}

async function list(
  ask: Ask,
  start: string,
  prefix: string,
  options: BlobOptions = {},
): Promise<readonly Blob[]> {
  const blobs: Blob[] = [];
  for (let next: string | undefined = ""; next !== undefined;) {
    const query = {
      "list-type": "2",
      prefix: start,
      ...(next !== "" && { "continuation-token": next }),
    };
    const answer = await ask({ verb: "list", method: "GET", key: "", name: start, query, ...options });
    const page = listingOf(answer.ok ? await answer.text() : "");
    if (page === undefined) throw unavailable("list", start, "the answer is no list of S3");
    const cut = prefix === "" ? 0 : prefix.length + 1;
    blobs.push(...page.blobs.map((blob) => ({ ...blob, name: blob.name.slice(cut) })));
    ({ next } = page);
  }
  return blobs;
}

/** An answer that is not an error; 404 for a name, and 412 for one that is there already, are answers. */
async function send(way: Way, request: S3Request): Promise<Response> {
  const { verb, name, signal } = request;
  for (let attempt = 1; ; attempt += 1) {
    throwIfAborted(signal, `${verb} ${name}`);
    const isLast = attempt === tries;
    try {
      const answer = await sendOnce(way, request);
      if (answer.ok || answer.status === 412) return answer;
      const said = errorOf(await answer.text(), answer.status);
      // The bucket itself is what a request must not miss.
      if (answer.status === 404 && said.code !== "NoSuchBucket") return answer;
      const isPassing = answer.status >= 500 || answer.status === 429;
      if (isLast || !isPassing) throw unavailable(verb, `${way.place}: ${name}`, said.text);
    } catch (error) {
      throwIfAborted(signal, `${verb} ${name}`);
      if (KeelsonError.is(error)) throw error;
      if (isLast) throw unavailable(verb, `${way.place}: ${name}`, reasonOf(error), error);
    }
    await pause(100 * 2 ** attempt, undefined, { signal }).catch(() => undefined);
  }
}

function sendOnce({ client, base }: Way, request: S3Request): Promise<Response> {
  const { method, key, query, headers, data, signal } = request;
  const late = AbortSignal.timeout(timeoutMs);
  const url = new URL(`${base}/${key}`);
  url.search = new URLSearchParams(query).toString();
  return client.fetch(url.href, {
    method,
    headers: {
      ...headers,
      "X-Amz-Content-Sha256": createHash("sha256")
        .update(data ?? "")
        .digest("hex"),
    },
    ...(data !== undefined && { body: new Uint8Array(data) }),
    signal: signal === undefined ? late : AbortSignal.any([signal, late]),
  });
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown } | undefined)?.cause;
  const first = cause instanceof Error && cause.message !== "" ? cause : error;
  return first instanceof Error ? first.message : String(first);
}

function unavailable(verb: string, what: string, state: string, cause?: unknown): KeelsonError {
  return new KeelsonError("KEELSON_STORE_UNAVAILABLE", `Cannot ${verb} "${what}": ${state}`, { cause });
}
