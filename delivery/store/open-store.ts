import { fileURLToPath } from "node:url";
import { KeelsonError } from "../../errors.ts";
import type { BlobOptions, Blobs } from "./blobs.ts";
import { diskBlobs } from "./disk-blobs.ts";
import { ReleaseStore } from "./release-store.ts";
import { s3Blobs } from "./s3-blobs.ts";
import { Seal } from "./seal.ts";

/** Where releases are kept, and what opens what is secret in them. */
export interface StoreAccess {
  /** `file:///path/of/a/folder`, or `s3://bucket/prefix?region=eu-central-1&endpoint=https://minio.example.org`. */
  readonly reference: string;
  /** 64 hexadecimal digits. A secret. */
  readonly key: string;
  /** Has the credentials of a bucket. @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const proof = "key-proof";
const proofText = "keelson";

/**
 * Opens a release store. The first one to use it decides on its key.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT if the reference or the key is none, or credentials are missing;
 * KEELSON_RELEASE_UNREADABLE if the store belongs to another key; KEELSON_STORE_UNAVAILABLE
 */
export async function openReleaseStore(
  { reference, key, env = process.env }: StoreAccess,
  options: BlobOptions = {},
): Promise<ReleaseStore> {
  const blobs = blobsAt(reference, env);
  const seal = new Seal(key);
  let known = await blobs.read(proof, options);
  if (known === undefined) {
    await blobs.write(proof, Buffer.from(seal.close(proofText, proof)), { ...options, ifAbsent: true });
    known = await blobs.read(proof, options);
  }
  if (known === undefined || seal.open(known.toString(), proof) !== proofText) {
    throw new KeelsonError(
      "KEELSON_RELEASE_UNREADABLE",
      `Cannot use the release store "${blobs.place}": it belongs to another key`,
    );
  }
  return new ReleaseStore(blobs, seal);
}

/**
 * Names what is wrong with a reference; undefined if nothing is. Pure.
 */
export function referenceProblem(reference: string): string | undefined {
  const url = URL.canParse(reference) ? new URL(reference) : undefined;
  if (url?.protocol === "file:") return url.host === "" ? undefined : "a file is on this computer";
  return url?.protocol === "s3:" ? bucketProblem(url) : "it begins neither with file:// nor with s3://";
}

function bucketProblem(url: URL): string | undefined {
  if (url.hostname === "") return "it names no bucket";
  if (url.username !== "" || url.password !== "") return "credentials belong into the environment";
  const unknown = [...url.searchParams.keys()].find((name) => name !== "region" && name !== "endpoint");
  if (unknown !== undefined) return `"${unknown}" is neither region nor endpoint`;
  const endpoint = url.searchParams.get("endpoint");
  const isAddress = endpoint === null || /^https?:\/\/[^/]+\/?$/u.test(endpoint);
  return isAddress ? undefined : `the endpoint "${endpoint}" is no address such as https://minio.example.org`;
}

function blobsAt(reference: string, env: Readonly<Record<string, string | undefined>>): Blobs {
  const problem = referenceProblem(reference);
  if (problem !== undefined) throw invalid(reference, problem);
  const url = new URL(reference);
  if (url.protocol === "file:") return diskBlobs(fileURLToPath(url));
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey) {
    throw invalid(reference, "AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set");
  }
  const sessionToken = env["AWS_SESSION_TOKEN"];
  const region = url.searchParams.get("region") ?? env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"];
  const endpoint = url.searchParams.get("endpoint");
  return s3Blobs({
    name: url.hostname,
    prefix: url.pathname.replaceAll(/^\/+|\/+$/gu, ""),
    ...(region && { region }),
    ...(endpoint !== null && { endpoint }),
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
  });
}

function invalid(reference: string, state: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_INVALID_INPUT",
    `Cannot use the release store "${reference.replace(/\/\/[^/@]*@/u, "//…@")}": ${state}`,
  );
}
