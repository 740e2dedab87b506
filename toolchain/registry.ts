import { join } from "node:path";
import { KeelsonError } from "../errors.ts";
import { hostTarget } from "./artifact.ts";
import type { Answer } from "./http.ts";
import { bytesBlob } from "./oci.ts";
import type { Blob, Image } from "./oci.ts";
import type { Toolchain } from "./settings.ts";
import { findChanged } from "./verify.ts";

/** An image whose layers are files of the cache. */
export interface PulledImage extends Image {
  readonly layers: readonly (Blob & { readonly from: { readonly path: string }; readonly path: string })[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
}

interface Manifest {
  readonly mediaType?: string;
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

interface Session {
  /** Up to the repository: `https://registry.k8s.io/v2/etcd`. */
  readonly base: string;
  readonly toolchain: Toolchain;
  token: string | undefined;
}

const accepted = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/**
 * Pulls a public image for Linux on this processor; every blob is verified by the digest that names it.
 * Throws KEELSON_DOWNLOAD_FAILED and KEELSON_CHECKSUM_MISMATCH.
 */
export async function pullImage(name: string, toolchain: Toolchain): Promise<PulledImage> {
  const { host, repository, reference } = parseName(name);
  const origin = toolchain.places.registry ?? `https://${host}`;
  const session: Session = { base: `${origin}/v2/${repository}`, toolchain, token: undefined };
  let blob = await fetchManifest(session, reference);
  let manifest = parse(blob);
  if (manifest.manifests) {
    const { os, arch } = hostTarget();
    const chosen = manifest.manifests.find(
      ({ platform }) => platform?.os === os && platform.architecture === arch,
    );
    if (!chosen) throw failed(name, `it has no manifest for ${os}/${arch}`);
    blob = await fetchManifest(session, chosen.digest);
    manifest = parse(blob);
  }
  if (!manifest.config || !manifest.layers) throw failed(name, "its manifest has no layers");
  const config = await fetchBlob(session, manifest.config);
  const layers = [];
  for (const layer of manifest.layers) layers.push(await fetchBlob(session, layer));
  return { manifest: blob, config, layers };
}

/** Where blobs wait until their image is an archive, so that an interrupted pull goes on. */
export function blobsDirectory({ cache }: Pick<Toolchain, "cache">): string {
  return join(cache, "downloads", "blobs");
}

/** The parts of a full image name, which always names its registry. */
export function parseName(name: string): { host: string; repository: string; reference: string } {
  const match = /^([^/]+)\/([^:@]+)(?::([^@]+)|@(sha256:[0-9a-f]{64}))$/.exec(name);
  const [, host, repository, tag, digest] = match ?? [];
  const reference = tag ?? digest;
  if (host === undefined || repository === undefined || reference === undefined) {
    throw new KeelsonError(
      "KEELSON_INVALID_INPUT",
      `Cannot pull image "${name}": it is no full name with a tag or digest`,
    );
  }
  return { host, repository, reference };
}

async function fetchManifest(session: Session, reference: string): Promise<Blob> {
  const answer = await open(session, `${session.base}/manifests/${reference}`, { accept: accepted });
  const chunks: Buffer[] = [];
  for await (const chunk of answer.body) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const blob = bytesBlob(answer.headers["content-type"]?.split(";")[0] ?? accepted, bytes);
  if (reference.startsWith("sha256:") && blob.digest !== reference) {
    const url = `${session.base}/manifests/${reference}`;
    throw new KeelsonError("KEELSON_CHECKSUM_MISMATCH", `Cannot use "${url}": its digest is ${blob.digest}`);
  }
  return blob;
}

async function fetchBlob(
  session: Session,
  { digest, mediaType, size }: Descriptor,
): Promise<PulledImage["layers"][number]> {
  const { cache, downloader, signal } = session.toolchain;
  const sha256 = digest.replace(/^sha256:/, "");
  const path = join(blobsDirectory(session.toolchain), sha256);
  const isHere = (await findChanged([{ path, size, sha256 }], cache)).length === 0;
  if (!isHere) {
    const headers = authorization(session);
    await downloader.file(`${session.base}/blobs/${digest}`, path, { sha256, headers, signal });
  }
  return { digest, mediaType, size, from: { path }, path };
}

/** Registries hand an anonymous token to whoever asks where their challenge says. */
async function open(
  session: Session,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const { downloader, signal } = session.toolchain;
  session.token ??= await anonymousToken(session);
  return await downloader.open(url, { headers: { ...headers, ...authorization(session) }, signal });
}

async function anonymousToken({ base, toolchain }: Session): Promise<string> {
  const { downloader, signal } = toolchain;
  const root = `${base.slice(0, base.indexOf("/v2/"))}/v2/`;
  const answer = await downloader.probe(root, { signal });
  answer.body.resume();
  if (answer.status !== 401) return "";
  const challenge = answer.headers["www-authenticate"] ?? "";
  const field = (name: string): string | undefined => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const [realm, service] = [field("realm"), field("service")];
  if (realm === undefined) return "";
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", `repository:${base.slice(base.indexOf("/v2/") + 4)}:pull`);
  const body = JSON.parse(await downloader.text(url.href, { signal })) as {
    token?: string;
    access_token?: string;
  };
  return body.token ?? body.access_token ?? "";
}

function authorization({ token }: Session): Readonly<Record<string, string>> {
  return token === undefined || token === "" ? {} : { authorization: `Bearer ${token}` };
}

function parse(blob: Blob): Manifest {
  if (!("bytes" in blob.from)) return {};
  return JSON.parse(blob.from.bytes.toString()) as Manifest;
}

function failed(name: string, state: string): KeelsonError {
  return new KeelsonError("KEELSON_DOWNLOAD_FAILED", `Cannot pull image "${name}": ${state}`);
}
