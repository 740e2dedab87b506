import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { tar } from "./tar.ts";
import type { TarEntry } from "./tar.ts";

/** Content that is known by its digest. */
export interface Blob {
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  readonly from: { readonly path: string } | { readonly bytes: Buffer };
}

/** An image as a registry would serve it. */
export interface Image {
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly Blob[];
}

/** How an image's processes start; the fields of the OCI image configuration. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
}

export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+zstd",
} as const;

/** A layer, compressed with zstd: a third of the bytes to move and to keep, and cheap to unpack. */
export interface Layer extends Blob {
  /** Digest of the layer before compression. */
  readonly diffId: string;
}

/** Writes a layer and tells its digests. Equal entries give an equal layer. */
export async function writeLayer(entries: readonly TarEntry[], path: string): Promise<Layer> {
  const plain = createHash("sha256");
  const packed = createHash("sha256");
  let size = 0;
  await pipeline(
    Readable.from(tar(entries)),
    passing((chunk) => plain.update(chunk)),
    createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
    passing((chunk) => {
      packed.update(chunk);
      size += chunk.length;
    }),
    createWriteStream(path),
  );
  const [diffId, digest] = [plain, packed].map((hash) => `sha256:${hash.digest("hex")}`) as [string, string];
  return { digest, diffId, mediaType: mediaTypes.layer, size, from: { path } };
}

/** An image of layers that were written here. */
export function composeImage(layers: readonly Layer[], config: ImageConfig, architecture: string): Image {
  const configBlob = jsonBlob(mediaTypes.config, {
    created: "1970-01-01T00:00:00Z",
    architecture,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = jsonBlob(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(configBlob),
    layers: layers.map(descriptor),
  });
  return { manifest, config: configBlob, layers };
}

/**
 * Writes images as one OCI layout archive, each under its full name. Blobs that images share are there once, and
 * equal images give equal bytes. The archive appears under its name only when it is whole.
 */
export async function writeArchive(images: Readonly<Record<string, Image>>, path: string): Promise<void> {
  const named = Object.entries(images).sort(([left], [right]) => (left < right ? -1 : 1));
  const blobs = new Map<string, Blob>();
  for (const [, { manifest, config, layers }] of named) {
    for (const blob of [manifest, config, ...layers]) blobs.set(blob.digest, blob);
  }
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: named.map(([name, { manifest }]) => ({
      ...descriptor(manifest),
      annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": tagOf(name) },
    })),
  };
  const sorted = [...blobs.values()].sort((left, right) => (left.digest < right.digest ? -1 : 1));
  const entries: readonly TarEntry[] = [
    { kind: "bytes", path: "oci-layout", content: json({ imageLayoutVersion: "1.0.0" }) },
    { kind: "bytes", path: "index.json", content: json(index) },
    { kind: "directory", path: "blobs" },
    { kind: "directory", path: "blobs/sha256" },
    ...sorted.map(blobEntry),
  ];
  const draft = `${path}.tmp`;
  await pipeline(Readable.from(tar(entries)), createWriteStream(draft, { mode: 0o644 }));
  await rename(draft, path);
}

function passing(look: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      look(chunk);
      done(null, chunk);
    },
  });
}

function blobEntry({ digest, size, from }: Blob): TarEntry {
  const path = `blobs/sha256/${digest.slice("sha256:".length)}`;
  return "bytes" in from
    ? { kind: "bytes", path, content: from.bytes }
    : { kind: "file", path, from: from.path, size };
}

/** Content that is JSON, with its digest. */
export function jsonBlob(mediaType: string, value: unknown): Blob {
  return bytesBlob(mediaType, json(value));
}

/** Content that is in memory, with its digest. */
export function bytesBlob(mediaType: string, bytes: Buffer): Blob {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { digest, mediaType, size: bytes.length, from: { bytes } };
}

function descriptor({ mediaType, digest, size }: Blob): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest, size };
}

function tagOf(name: string): string {
  return name.slice(name.lastIndexOf(":") + 1);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
