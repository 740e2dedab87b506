import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Artifact, ResolvedArtifact } from "./artifact.ts";
import type { Bundle, BundleFile, BundleRole } from "./bundle.ts";
import { clearBuildCache } from "./go-build.ts";
import { recipeDigest } from "./go-module.ts";
import { cniPluginNames, cniPlugins, containerd, etcd, runc } from "./host-programs.ts";
import { calicoCni } from "./image-programs.ts";
import { imageNames, imageRecipes } from "./image-recipes.ts";
import type { ExtraImage, ImageRecipe } from "./image-recipes.ts";
import { imageDigest, makeImage, resolveImage } from "./images.ts";
import { kubernetesNode } from "./kubernetes.ts";
import { linkOrCopy } from "./link.ts";
import { withLock } from "./lock.ts";
import { writeArchive } from "./oci.ts";
import type { Image } from "./oci.ts";
import { blobsDirectory } from "./registry.ts";
import { removeDrafts, resolveArtifact } from "./resolve.ts";
import { settings } from "./settings.ts";
import type { Toolchain, ToolchainOptions } from "./settings.ts";
import { kubectl } from "./tools.ts";
import { describeFile, findChanged } from "./verify.ts";
import { releaseOf } from "./versions.ts";
import type { KubernetesRelease } from "./versions.ts";

export interface BundleOptions extends ToolchainOptions {
  /** Images beside Kubernetes' own that every node gets. @default - none */
  readonly extraImages?: readonly ExtraImage[];
}

/** One program of a bundle. */
interface BundleProgram {
  readonly artifact: Artifact;
  readonly file: string;
  readonly kind: "binary" | "cniPlugin";
  readonly role: BundleRole;
}

type BundleRecord = Omit<Bundle, "directory">;

/** Tests put fakes in their place. */
export interface BundleMakers {
  readonly program: (artifact: Artifact, toolchain: Toolchain) => Promise<ResolvedArtifact>;
  readonly image: typeof makeImage;
}

const realMakers: BundleMakers = { program: resolveArtifact, image: makeImage };

/**
 * The verified artifacts for one Kubernetes version, made if they are not in the cache. A file that is missing,
 * half written or changed is made again, never used.
 * Throws KEELSON_ARTIFACT_UNAVAILABLE for a version that is not known, and whatever keeps an artifact from being made.
 */
export async function resolveBundle(
  kubernetes: string,
  options: BundleOptions = {},
  makers: BundleMakers = realMakers,
): Promise<Bundle> {
  const toolchain = settings(options);
  const release = releaseOf(kubernetes);
  const directory = join(toolchain.cache, "bundles", await bundleFolder(release));
  const { cache, progress, signal } = toolchain;
  // One at a time, since bundles share what they download.
  const lock = join(cache, "locks", "bundles.lock");
  const work = async (): Promise<Bundle> =>
    (await readCached(directory, cache)) ?? (await make(release, directory, toolchain, makers));
  const bundle =
    (await readCached(directory, cache)) ??
    (await withLock(lock, `prepare Kubernetes ${release.kubernetes}`, work, {
      onWait: progress,
      ...(signal ? { signal } : {}),
    }));
  return await withExtraImages(bundle, options);
}

/** The programs of a Kubernetes version that hosts get as files. */
export function programsOf(release: KubernetesRelease): readonly BundleProgram[] {
  const node = (artifact: Artifact, file: string): BundleProgram => ({
    artifact,
    file,
    kind: "binary",
    role: "node",
  });
  const server = (artifact: Artifact, file: string): BundleProgram => ({
    ...node(artifact, file),
    role: "controlPlane",
  });
  const plugin = (artifact: Artifact, file: string): BundleProgram => ({
    ...node(artifact, file),
    kind: "cniPlugin",
  });
  const kubernetes = kubernetesNode(release.kubernetes);
  return [
    ...kubernetes.files.map((file) => node(kubernetes, file)),
    ...containerd().files.map((file) => node(containerd(), file)),
    node(runc(), "runc"),
    server(kubectl(release.kubernetes, kubernetes.target), "kubectl"),
    server(etcd(release.etcd), "etcdctl"),
    server(etcd(release.etcd), "etcdutl"),
    ...cniPluginNames.map((file) => plugin(cniPlugins(), file)),
    plugin(calicoCni(), "calico"),
  ];
}

/** Where a bundle is kept, below `bundles` of the cache. Another recipe is another folder. */
export async function bundleFolder(release: KubernetesRelease): Promise<string> {
  const hash = createHash("sha256");
  for (const { artifact, ...program } of programsOf(release)) {
    hash.update(JSON.stringify(program)).update(await recipeDigest(artifact));
  }
  for (const recipe of imageRecipes(release)) hash.update(await imageDigest(recipe));
  return `${release.kubernetes}-${hash.digest("hex").slice(0, 12)}`;
}

async function readCached(directory: string, cache: string): Promise<Bundle | undefined> {
  let record: BundleRecord;
  try {
    record = JSON.parse(await readFile(join(directory, "bundle.json"), "utf8")) as BundleRecord;
  } catch {
    return undefined;
  }
  const changed = await findChanged(
    record.files.map((file) => ({ ...file, path: join(directory, file.path) })),
    cache,
  );
  return changed.length === 0 ? { ...record, directory } : undefined;
}

async function make(
  release: KubernetesRelease,
  directory: string,
  toolchain: Toolchain,
  makers: BundleMakers,
): Promise<Bundle> {
  const draft = `${directory}.tmp`;
  await removeDrafts(dirname(directory), "");
  await mkdir(draft, { recursive: true });
  try {
    const files = [
      ...(await addPrograms(release, draft, toolchain, makers)),
      ...(await addImages(release, draft, toolchain, makers)),
    ];
    const images = imageNames(release);
    const record: BundleRecord = { kubernetes: release.kubernetes, digest: digestOf(files), files, images };
    await writeFile(join(draft, "bundle.json"), `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o644 });
    await rm(directory, { recursive: true, force: true });
    await rename(draft, directory);
    await rm(blobsDirectory(toolchain), { recursive: true, force: true });
    await clearBuildCache(toolchain);
    return { ...record, directory };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function addPrograms(
  release: KubernetesRelease,
  draft: string,
  toolchain: Toolchain,
  makers: BundleMakers,
): Promise<readonly BundleFile[]> {
  const files: BundleFile[] = [];
  const resolved = new Map<string, ResolvedArtifact>();
  for (const { artifact, file, kind, role } of programsOf(release)) {
    const found = resolved.get(artifact.name) ?? (await makers.program(artifact, toolchain));
    resolved.set(artifact.name, found);
    const from = found.files[file];
    if (from === undefined) continue;
    const path = `${kind === "binary" ? "bin" : "cni"}/${file}`;
    await linkOrCopy(from.path, join(draft, path));
    await chmod(join(draft, path), 0o755);
    const { version, source } = found;
    files.push({ name: file, kind, path, version, source, size: from.size, sha256: from.sha256, role });
  }
  return files;
}

/** One archive per role: images of one archive share their base layer. */
async function addImages(
  release: KubernetesRelease,
  draft: string,
  toolchain: Toolchain,
  makers: BundleMakers,
): Promise<readonly BundleFile[]> {
  const recipes = imageRecipes(release);
  const files: BundleFile[] = [];
  const archives = { node: "node-images", controlPlane: "control-plane-images" } as const;
  const blobs = join(draft, "blobs");
  await mkdir(blobs);
  await mkdir(join(draft, "images"));
  for (const role of ["node", "controlPlane"] as const) {
    const chosen = recipes.filter((recipe) => recipe.role === role);
    const { images, source } = await makeImages(chosen, blobs, toolchain, makers);
    const name = archives[role];
    const path = `images/${name}.tar`;
    toolchain.progress(`Writing ${path}`);
    await writeArchive(images, join(draft, path));
    const { size, sha256 } = await describeFile(join(draft, path));
    const names = Object.keys(images).sort();
    files.push({
      name,
      kind: "images",
      path,
      version: release.kubernetes,
      source,
      size,
      sha256,
      role,
      images: names,
    });
  }
  await rm(blobs, { recursive: true });
  return files;
}

async function makeImages(
  recipes: readonly ImageRecipe[],
  blobs: string,
  toolchain: Toolchain,
  makers: BundleMakers,
): Promise<{ images: Record<string, Image>; source: "download" | "build" }> {
  const images: Record<string, Image> = {};
  let source: "download" | "build" = "download";
  for (const recipe of recipes) {
    const made = await makers.image(recipe, blobs, toolchain);
    images[made.name] = made.image;
    if (made.source === "build") source = "build";
  }
  return { images, source };
}

/** Extra images lie beside the bundle's own, so that one mirror serves them, and are not part of its record. */
async function withExtraImages(bundle: Bundle, options: BundleOptions): Promise<Bundle> {
  const extra: BundleFile[] = [];
  for (const wanted of options.extraImages ?? []) {
    const { path: from, name, version, size, sha256 } = await resolveImage(wanted, options);
    const path = `images/extra/${basename(from)}`;
    const changed = await findChanged(
      [{ path: join(bundle.directory, path), size, sha256 }],
      settings(options).cache,
    );
    if (changed.length > 0) await linkOrCopy(from, join(bundle.directory, path));
    extra.push({
      name: wanted,
      kind: "images",
      path,
      version,
      source: "build",
      size,
      sha256,
      role: "node",
      images: [name],
    });
  }
  if (extra.length === 0) return bundle;
  const files = [...bundle.files, ...extra];
  return { ...bundle, files, digest: digestOf(files) };
}

function digestOf(files: readonly BundleFile[]): string {
  const hash = createHash("sha256");
  for (const { path, sha256 } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1)))
    hash.update(`${path} ${sha256}\n`);
  return hash.digest("hex");
}
