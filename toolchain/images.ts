import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { KeelsonError } from "../errors.ts";
import { hostTarget } from "./artifact.ts";
import { baseLayer, baseLayerRecipe } from "./base-layer.ts";
import { recipeDigest } from "./go-module.ts";
import { extraImageRecipe } from "./image-recipes.ts";
import type { ExtraImage, ImageRecipe } from "./image-recipes.ts";
import { withLock } from "./lock.ts";
import { composeImage, mediaTypes, writeArchive, writeLayer } from "./oci.ts";
import type { Image, Layer } from "./oci.ts";
import { pullImage } from "./registry.ts";
import { resolveArtifact } from "./resolve.ts";
import { settings } from "./settings.ts";
import type { Toolchain, ToolchainOptions } from "./settings.ts";
import type { TarEntry } from "./tar.ts";
import { describeFile, findChanged } from "./verify.ts";
import type { Expected } from "./verify.ts";

/** An image archive that is here and verified. */
export interface ResolvedImage extends Expected {
  /** The image's full name. */
  readonly name: string;
  readonly version: string;
}

/** An image, and whether it was pulled or composed. */
export interface MadeImage {
  readonly name: string;
  readonly image: Image;
  readonly source: "download" | "build";
}

/** An image beside Kubernetes' own, as an OCI archive for `ctr images import`. */
export async function resolveImage(name: ExtraImage, options: ToolchainOptions = {}): Promise<ResolvedImage> {
  const toolchain = settings(options);
  const { cache, progress, signal } = toolchain;
  const recipe = extraImageRecipe(name);
  const path = join(cache, "images", `${name}-${await imageDigest(recipe)}.tar`);
  const work = async (): Promise<ResolvedImage> => {
    const found = await readRecord(path, cache);
    return {
      ...(found ?? (await make(recipe, path, toolchain))),
      name: recipe.name,
      version: recipe.artifact.version,
    };
  };
  const options_ = { onWait: progress, ...(signal ? { signal } : {}) };
  return await withLock(join(cache, "locks", `image-${name}.lock`), `prepare image ${name}`, work, options_);
}

/** Pulls an image or, where its registry is out of reach, composes it of programs; blobs are kept in the folder. */
export async function makeImage(
  recipe: ImageRecipe,
  blobs: string,
  toolchain: Toolchain,
): Promise<MadeImage> {
  const { sources, progress, downloader } = toolchain;
  const { name } = recipe;
  if (recipe.isPublic && sources.includes("download")) {
    try {
      return { name, image: await pullImage(name, toolchain), source: "download" };
    } catch (error) {
      if (!KeelsonError.is(error) || error.code !== "KEELSON_DOWNLOAD_FAILED") throw error;
      if (!sources.includes("build")) throw error;
      if (!downloader.isRepeated(error)) progress(`${error.message}; images of this registry are composed`);
    }
  }
  return { name, image: await compose(recipe, blobs, toolchain), source: "build" };
}

/** Digest over what an image is made from. Twelve hex digits. */
export async function imageDigest({ artifact, ...rest }: ImageRecipe): Promise<string> {
  const base = rest.hasBase ? baseLayerRecipe() : undefined;
  const program = await recipeDigest(artifact);
  const text = JSON.stringify({
    ...rest,
    base,
    artifact: program,
    target: hostTarget(),
    layer: mediaTypes.layer,
  });
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

async function make(recipe: ImageRecipe, path: string, toolchain: Toolchain): Promise<Expected> {
  const blobs = `${path}.blobs`;
  await mkdir(blobs, { recursive: true });
  try {
    const { name, image } = await makeImage(recipe, blobs, toolchain);
    await writeArchive({ [name]: image }, path);
    const described = await describeFile(path);
    await writeFile(`${path}.json`, JSON.stringify(described));
    return described;
  } finally {
    await rm(blobs, { recursive: true, force: true });
  }
}

async function readRecord(path: string, cache: string): Promise<Expected | undefined> {
  try {
    const { size, sha256 } = JSON.parse(await readFile(`${path}.json`, "utf8")) as Expected;
    const changed = await findChanged([{ path, size, sha256 }], cache);
    return changed.length === 0 ? { path, size, sha256 } : undefined;
  } catch {
    return undefined;
  }
}

async function compose(recipe: ImageRecipe, blobs: string, toolchain: Toolchain): Promise<Image> {
  const resolved = await resolveArtifact(recipe.artifact, toolchain);
  const layers: Layer[] = recipe.hasBase ? [await baseLayer(toolchain)] : [];
  const entries: TarEntry[] = [{ kind: "directory", path: "tmp", mode: 0o1777 }];
  const folders = new Set<string>();
  for (const [program, path] of Object.entries(recipe.programs)) {
    const file = resolved.files[program];
    if (file === undefined)
      throw new KeelsonError("KEELSON_INTERNAL", `Cannot compose "${recipe.name}": no "${program}"`);
    for (const folder of parents(path)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      entries.push({ kind: "directory", path: folder });
    }
    entries.push({ kind: "file", path, from: file.path, size: file.size, mode: 0o755 });
  }
  layers.push(await writeLayer(entries, join(blobs, `${await imageDigest(recipe)}.layer`)));
  return composeImage(layers, recipe.config, hostTarget().arch);
}

function parents(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === "." ? [] : [...parents(folder), folder];
}
