import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { KeelsonError } from "../errors.ts";
import type { Artifact, Checked, Download } from "./artifact.ts";
import { execute } from "./execute.ts";
import { pullImage } from "./registry.ts";
import type { Toolchain } from "./settings.ts";

/**
 * Downloads an artifact's programs from their official place, verified by the published checksums, into a folder.
 * Throws KEELSON_DOWNLOAD_FAILED and KEELSON_CHECKSUM_MISMATCH.
 */
export async function downloadOfficial(
  artifact: Artifact,
  download: Download,
  output: string,
  toolchain: Toolchain,
): Promise<void> {
  if (download.kind === "files") {
    for (const [file, checked] of Object.entries(download.files)) {
      const held = await fetchChecked(checked, artifact, toolchain);
      await rename(held, join(output, file));
    }
  } else if (download.kind === "archive") {
    const held = await fetchChecked(download.archive, artifact, toolchain);
    await extract(held, download.members, output, toolchain);
    await rm(held);
  } else {
    await extractFromImage(download, output, toolchain);
  }
  for (const file of filesOf(download)) await chmod(join(output, file), 0o755);
}

/** The checksum of a file in a list of them; lists that hold a single bare checksum are for the one file. */
export function checksumIn(list: string, file: string): string | undefined {
  const lines = list.split("\n").map((line) => line.trim().split(/\s+/));
  const named = lines.find(([, name]) => name !== undefined && basename(name.replace(/^\*/, "")) === file);
  const bare = lines.find((words) => words.length === 1 && words[0] !== "");
  const sum = (named ?? bare)?.[0]?.toLowerCase();
  return sum !== undefined && /^[0-9a-f]{64}$/.test(sum) ? sum : undefined;
}

async function fetchChecked(
  { url, checksums }: Checked,
  { name, version }: Artifact,
  toolchain: Toolchain,
): Promise<string> {
  const { downloader, signal, cache, progress } = toolchain;
  const file = basename(url);
  const sha256 = checksumIn(await downloader.text(checksums, { signal }), file);
  if (sha256 === undefined) {
    throw new KeelsonError(
      "KEELSON_DOWNLOAD_FAILED",
      `Cannot download "${url}": "${checksums}" has no sha256 of it`,
    );
  }
  progress(`Downloading ${name} ${version}: ${file}`);
  // The name holds the checksum, so a part that is resumed belongs to the same file.
  const held = join(cache, "downloads", `${sha256.slice(0, 12)}-${file}`);
  await downloader.file(url, held, {
    sha256,
    signal,
    onBytes: everyTenth((percent) => {
      progress(`Downloading ${file}: ${percent} %`);
    }),
  });
  return held;
}

async function extractFromImage(
  { image, members }: Extract<Download, { kind: "image" }>,
  output: string,
  toolchain: Toolchain,
): Promise<void> {
  const pulled = await pullImage(image, toolchain);
  const missing = new Map(Object.entries(members));
  for (const layer of [...pulled.layers].reverse()) {
    for (const [file, member] of missing) {
      const found = await extract(layer.path, { [file]: member }, output, toolchain).catch(() => false);
      if (found) missing.delete(file);
    }
  }
  if (missing.size === 0) return;
  const names = [...missing.values()].join('", "');
  throw new KeelsonError("KEELSON_DOWNLOAD_FAILED", `Cannot use image "${image}": it has no "${names}"`);
}

async function extract(
  archive: string,
  members: Readonly<Record<string, string>>,
  output: string,
  { signal }: Toolchain,
): Promise<true> {
  const scratch = join(output, ".extract");
  await mkdir(scratch, { recursive: true });
  try {
    const { code, tail } = await execute("tar", ["-xf", archive, "-C", scratch, ...Object.values(members)], {
      signal,
    });
    if (code !== 0)
      throw new KeelsonError("KEELSON_DOWNLOAD_FAILED", `Cannot unpack "${basename(archive)}": ${tail}`);
    for (const [file, member] of Object.entries(members))
      await rename(join(scratch, member), join(output, file));
    return true;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function filesOf(download: Download): readonly string[] {
  return Object.keys(download.kind === "files" ? download.files : download.members);
}

/** Passes on every tenth percent, so that progress stays readable. */
export function everyTenth(
  report: (percent: number) => void,
): (received: number, total: number | undefined) => void {
  let last = 0;
  return (received, total) => {
    if (total === undefined || total === 0) return;
    const tenth = Math.floor((received / total) * 10) * 10;
    if (tenth > last) {
      last = tenth;
      report(tenth);
    }
  };
}
