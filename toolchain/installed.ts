import { access, constants, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { KeelsonError } from "../errors.ts";
import type { Artifact, ResolvedArtifact } from "./artifact.ts";
import { execute } from "./execute.ts";
import { isAtLeast } from "./go-build.ts";
import type { Toolchain } from "./settings.ts";
import { describeKnown } from "./verify.ts";
import type { Expected } from "./verify.ts";

/** The artifact's programs on the PATH, if they are there in a version that fits; a random old tool is passed over. */
export async function findInstalled(
  artifact: Artifact,
  { env, signal, progress, cache }: Toolchain,
): Promise<ResolvedArtifact | undefined> {
  const { installed } = artifact;
  if (!installed) return undefined;
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    if (folder === "") continue;
    const program = join(folder, installed.program);
    if (!(await isExecutable(program))) continue;
    const version = await versionOf(program, installed.args, signal);
    if (version === undefined || !fits(version, installed.atLeast)) {
      progress(
        `Passing over "${program}": its version is "${version ?? "unknown"}", needed is ${installed.atLeast}`,
      );
      continue;
    }
    const directory = dirname(await realpath(program));
    const files = await describeAll(artifact.files, directory, cache);
    if (files) return { name: artifact.name, version, source: "path", isCached: false, directory, files };
  }
  return undefined;
}

/** The same major version, and not older. */
function fits(version: string, atLeast: string): boolean {
  return version.split(".")[0] === atLeast.split(".")[0] && isAtLeast(version, atLeast);
}

async function versionOf(
  program: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const { code, stdout } = await execute(program, args, { signal });
    return code === 0 ? /\d+\.\d+\.\d+/.exec(stdout)?.[0] : undefined;
  } catch (error) {
    if (KeelsonError.is(error) && error.code === "KEELSON_ABORTED") throw error;
    return undefined;
  }
}

async function describeAll(
  names: readonly string[],
  directory: string,
  cache: string,
): Promise<Readonly<Record<string, Expected>> | undefined> {
  const files: Record<string, Expected> = {};
  for (const name of names) {
    if (!(await isExecutable(join(directory, name)))) return undefined;
    files[name] = await describeKnown(join(directory, name), cache);
  }
  return files;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
