import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact } from "./artifact.ts";
import { baseLayerRecipe } from "./base-layer.ts";
import { apiServerArtifact, apiServerVersions, checkerArtifact, checkers } from "./checkers.ts";
import { extraImageNames, extraImageRecipe, imageRecipes } from "./image-recipes.ts";
import { imageDigest } from "./images.ts";
import { bundleFolder, programsOf } from "./resolve-bundle.ts";
import { artifactFolder } from "./resolve.ts";
import { toolArtifact, tools } from "./tools.ts";
import { kubernetesVersions, releaseOf } from "./versions.ts";

/** Names that keelson gives: whatever else lies in the cache is somebody's own. Drafts of killed runs end with `.tmp`. */
const ours = {
  artifact: /-(linux|darwin)-(amd64|arm64)-[0-9a-f]{12}(\.tmp)?$/,
  baseLayer: /^[0-9a-f]{12}(\.root)?$/,
  bundle: /^\d+\.\d+\.\d+-[0-9a-f]{12}(\.tmp)?$/,
  image: /^[a-z-]+-[0-9a-f]{12}\.tar(\.json|\.blobs)?$/,
  tools: /^[0-9a-f]{12}$/,
};

/** What earlier recipes left in the cache: artifacts, bundles and images that nothing of this version uses. */
export async function staleArtifacts(cache: string): Promise<readonly string[]> {
  const artifacts = presentArtifacts();
  const folders = await Promise.all(artifacts.map(artifactFolder));
  const releases = kubernetesVersions.map(releaseOf);
  const bundles = await Promise.all(releases.map(bundleFolder));
  const images = await Promise.all(extraImageNames.map((name) => imageFile(name)));
  return [
    ...(await others(join(cache, "artifacts/base-layer"), ours.baseLayer, [baseLayerRecipe()])),
    ...(await staleFolders(join(cache, "artifacts"), folders)),
    ...(await others(join(cache, "bundles"), ours.bundle, bundles)),
    ...(await others(
      join(cache, "images"),
      ours.image,
      images.flatMap((name) => [name, `${name}.json`]),
    )),
    ...(await staleTools(cache, folders)),
    ...(await staleExtras(cache, bundles, images)),
  ];
}

/** Everything that bundles, images and tools of this version are made of. */
function presentArtifacts(): readonly Artifact[] {
  const releases = kubernetesVersions.map(releaseOf);
  return [
    ...releases.flatMap((release) => programsOf(release).map(({ artifact }) => artifact)),
    ...releases.flatMap((release) => imageRecipes(release).map(({ artifact }) => artifact)),
    ...extraImageNames.map((name) => extraImageRecipe(name).artifact),
    ...tools.map(toolArtifact),
    ...checkers.map(checkerArtifact),
    ...apiServerVersions.map(apiServerArtifact),
  ];
}

async function imageFile(name: (typeof extraImageNames)[number]): Promise<string> {
  return `${name}-${await imageDigest(extraImageRecipe(name))}.tar`;
}

async function staleFolders(artifacts: string, wanted: readonly string[]): Promise<readonly string[]> {
  const names = (await namesIn(artifacts)).filter((name) => name !== "base-layer");
  const kept = (name: string): readonly string[] =>
    wanted.filter((folder) => folder.startsWith(`${name}/`)).map((folder) => folder.slice(name.length + 1));
  const found = names.map((name) => others(join(artifacts, name), ours.artifact, kept(name)));
  return (await Promise.all(found)).flat();
}

/** Folders that lay tools beside each other, of which none is a tool of this version. */
async function staleTools(cache: string, wanted: readonly string[]): Promise<readonly string[]> {
  const folders = await others(join(cache, "pulumi"), ours.tools, []);
  const present = (await Promise.all(wanted.map((folder) => sizes(join(cache, "artifacts", folder))))).flat();
  const isStale = async (folder: string): Promise<boolean> =>
    (await sizes(folder)).every((file) => !present.includes(file));
  const verdicts = await Promise.all(folders.map(isStale));
  return folders.filter((_, index) => verdicts[index]);
}

/** Extra images of earlier recipes that lie in bundles of this version. */
async function staleExtras(
  cache: string,
  bundles: readonly string[],
  wanted: readonly string[],
): Promise<readonly string[]> {
  const folders = bundles.map((bundle) => join(cache, "bundles", bundle, "images/extra"));
  return (await Promise.all(folders.map((folder) => others(folder, ours.image, wanted)))).flat();
}

/** Files by name and size. */
async function sizes(folder: string): Promise<readonly string[]> {
  const names = await namesIn(folder);
  return await Promise.all(
    names.map(async (name) => `${name} ${String((await stat(join(folder, name))).size)}`),
  );
}

async function others(
  folder: string,
  pattern: RegExp,
  wanted: readonly string[],
): Promise<readonly string[]> {
  const names = await namesIn(folder);
  return names
    .filter((name) => pattern.test(name) && !wanted.includes(name))
    .map((name) => join(folder, name));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}
