import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KeelsonError } from "../errors.ts";
import type { Artifact, ResolvedArtifact } from "./artifact.ts";
import { buildFromSource } from "./go-build.ts";
import { recipeDigest } from "./go-module.ts";
import { findInstalled } from "./installed.ts";
import { withLock } from "./lock.ts";
import { downloadOfficial } from "./official.ts";
import { settings } from "./settings.ts";
import type { Toolchain, ToolchainOptions } from "./settings.ts";
import { toolArtifact } from "./tools.ts";
import { describeFile, findChanged } from "./verify.ts";
import type { Expected } from "./verify.ts";

/** What the cache remembers of an artifact; paths are below its folder. */
interface ArtifactRecord {
  readonly source: "download" | "build";
  readonly files: readonly Expected[];
}

/** Makes an artifact's programs in a folder. Tests put fakes in its place. */
export interface Makers {
  readonly download: typeof downloadOfficial;
  readonly build: typeof buildFromSource;
}

const realMakers: Makers = { download: downloadOfficial, build: buildFromSource };

/**
 * Finds a tool: on the PATH if its version fits, in the cache, by official download, or by a build from its Go module.
 * Throws KEELSON_ARTIFACT_UNAVAILABLE if no allowed source has it, and the errors of the last source that was tried.
 */
export async function resolve(name: string, options: ToolchainOptions = {}): Promise<ResolvedArtifact> {
  return await resolveArtifact(toolArtifact(name), settings(options));
}

/** Finds an artifact as `resolve` does a tool. */
export async function resolveArtifact(
  artifact: Artifact,
  toolchain: Toolchain,
  makers: Makers = realMakers,
): Promise<ResolvedArtifact> {
  const { cache, sources, progress, signal } = toolchain;
  if (sources.includes("path")) {
    const installed = await findInstalled(artifact, toolchain);
    if (installed) return installed;
  }
  const directory = join(cache, "artifacts", await artifactFolder(artifact));
  if (sources.includes("cache")) {
    const cached = await readCached(artifact, directory, cache);
    if (cached) return cached;
  }
  const lock = join(cache, "locks", `${artifact.name}-${artifact.version}.lock`);
  const options = { onWait: progress, ...(signal ? { signal } : {}) };
  const work = async (): Promise<ResolvedArtifact> => {
    // Another process may have made it during the wait.
    const cached = sources.includes("cache") ? await readCached(artifact, directory, cache) : undefined;
    return cached ?? (await make(artifact, directory, toolchain, makers));
  };
  return await withLock(lock, `prepare ${artifact.name} ${artifact.version}`, work, options);
}

/** Where an artifact is kept, below `artifacts` of the cache. Another recipe is another folder. */
export async function artifactFolder(artifact: Artifact): Promise<string> {
  const { name, version, target } = artifact;
  return `${name}/${version}-${target.os}-${target.arch}-${await recipeDigest(artifact)}`;
}

async function make(
  artifact: Artifact,
  directory: string,
  toolchain: Toolchain,
  makers: Makers,
): Promise<ResolvedArtifact> {
  const draft = `${directory}.tmp`;
  await removeDrafts(dirname(directory), `${artifact.version}-`);
  await mkdir(draft, { recursive: true });
  try {
    const source = await makeFiles(artifact, draft, toolchain, makers);
    const files: Expected[] = [];
    for (const file of artifact.files) {
      await chmod(join(draft, file), 0o755);
      files.push({ ...(await describeFile(join(draft, file))), path: file });
    }
    const record: ArtifactRecord = { source, files };
    await writeFile(join(draft, "record.json"), `${JSON.stringify(record, undefined, 2)}\n`);
    await rm(directory, { recursive: true, force: true });
    await rename(draft, directory);
    return fromRecord(artifact, record, directory, false);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** A place that is out of reach leads on to the build; a wrong checksum does not, since someone should look at it. */
async function makeFiles(
  artifact: Artifact,
  draft: string,
  toolchain: Toolchain,
  makers: Makers,
): Promise<"download" | "build"> {
  const { sources, places, progress, downloader } = toolchain;
  const canBuild = sources.includes("build");
  const download = sources.includes("download") ? artifact.download?.(places) : undefined;
  if (download) {
    try {
      await makers.download(artifact, download, draft, toolchain);
      return "download";
    } catch (error) {
      if (!canBuild || !KeelsonError.is(error) || error.code !== "KEELSON_DOWNLOAD_FAILED") throw error;
      if (!downloader.isRepeated(error)) progress(`${error.message}; ${artifact.name} is built instead`);
    }
  }
  if (canBuild) {
    await makers.build(artifact, draft, toolchain);
    return "build";
  }
  const { name, version } = artifact;
  throw new KeelsonError(
    "KEELSON_ARTIFACT_UNAVAILABLE",
    `Cannot prepare ${name} ${version}: none of the allowed sources "${sources.join(",")}" has it`,
    { fix: 'Let KEELSON_SOURCES include "download" or "build"' },
  );
}

async function readCached(
  artifact: Artifact,
  directory: string,
  cache: string,
): Promise<ResolvedArtifact | undefined> {
  let record: ArtifactRecord;
  try {
    record = JSON.parse(await readFile(join(directory, "record.json"), "utf8")) as ArtifactRecord;
  } catch {
    return undefined;
  }
  const files = record.files.map((file) => ({ ...file, path: join(directory, file.path) }));
  const changed = await findChanged(files, cache);
  return changed.length === 0 ? fromRecord(artifact, record, directory, true) : undefined;
}

function fromRecord(
  { name, version }: Artifact,
  { source, files }: ArtifactRecord,
  directory: string,
  isCached: boolean,
): ResolvedArtifact {
  const entries = files.map((file) => [file.path, { ...file, path: join(directory, file.path) }] as const);
  return { name, version, source, isCached, directory, files: Object.fromEntries(entries) };
}

/** Removes what a killed run left half made of the names that the caller has locked. */
export async function removeDrafts(parent: string, prefix: string): Promise<void> {
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix) && name.endsWith(".tmp"))
      await rm(join(parent, name), { recursive: true, force: true });
  }
}
