import { createHash } from "node:crypto";
import { lstat, mkdir, readlink, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { clearBuildCache } from "./go-build.ts";
import { builtLanguageHost, languageHost, writeLauncher } from "./language-host.ts";
import { linkOrCopy } from "./link.ts";
import { resolve } from "./resolve.ts";
import type { ResolvedArtifact } from "./artifact.ts";
import { settings } from "./settings.ts";
import type { ToolchainOptions } from "./settings.ts";
import { findChanged } from "./verify.ts";

/** Pulumi with what it needs to run a TypeScript program that speaks to Kubernetes. */
export interface Pulumi {
  /** Absolute path of the engine. */
  readonly program: string;
  /** What belongs on the PATH, for `pulumiEnvironment`: the engine with its language host beside it. */
  readonly tools: readonly { readonly directory: string }[];
  /** Providers, for `linkPlugins`. */
  readonly plugins: readonly ResolvedArtifact[];
}

/** Finds the engine, the Node language host and the Kubernetes provider. Throws as `resolve` does. */
export async function resolvePulumi(options: ToolchainOptions = {}): Promise<Pulumi> {
  const engine = await resolve("pulumi", options);
  const language = await resolve("pulumi-language-nodejs", options);
  const kubernetes = await resolve("pulumi-resource-kubernetes", options);
  const toolchain = settings(options);
  if ([engine, language, kubernetes].some(({ source, isCached }) => source === "build" && !isCached)) {
    await clearBuildCache(toolchain);
  }
  const directory = await besideEachOther(engine, language, toolchain.cache);
  return { program: join(directory, "pulumi"), tools: [{ directory }], plugins: [kubernetes] };
}

/** Makes providers known to a Pulumi home as if it had installed them itself. */
export async function linkPlugins(home: string, { plugins }: Pick<Pulumi, "plugins">): Promise<void> {
  for (const { name, version, files } of plugins) {
    const kind = name.replace(/^pulumi-/, "");
    for (const [file, { path }] of Object.entries(files)) {
      await point(join(home, "plugins", `${kind}-v${version}`, file), path);
    }
  }
}

/** Pulumi warns about a language host that is only on the PATH; its own lies beside the engine. */
async function besideEachOther(
  engine: ResolvedArtifact,
  language: ResolvedArtifact,
  cache: string,
): Promise<string> {
  if (engine.directory === language.directory) return engine.directory;
  const isBuilt = language.source === "build";
  const files = [...Object.entries(engine.files), ...Object.entries(language.files)].map(
    ([name, file]) => [isBuilt && name === languageHost ? builtLanguageHost : name, file] as const,
  );
  const digest = createHash("sha256").update(files.flatMap(([name, { sha256 }]) => [name, sha256]).join());
  const directory = join(cache, "pulumi", digest.digest("hex").slice(0, 12));
  for (const [name, file] of files) {
    const path = join(directory, name);
    const changed = await findChanged([{ ...file, path }], cache);
    if (changed.length > 0) await linkOrCopy(file.path, path);
  }
  if (isBuilt) await writeLauncher(join(directory, languageHost));
  return directory;
}

async function point(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const isThere = await lstat(path).then(
    (info) => info.isSymbolicLink(),
    () => false,
  );
  if (isThere && (await readlink(path)) === target) return;
  await rm(path, { force: true });
  await symlink(target, path);
}
