import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Artifact } from "./artifact.ts";

const modules = fileURLToPath(new URL("./modules/", import.meta.url));

/** The folder of a Go module of the toolchain. */
export function moduleDirectory(name: string): string {
  return join(modules, name);
}

/** Digest over what an artifact is made from: its table entry and its module's files. Twelve hex digits. */
export async function recipeDigest(artifact: Artifact): Promise<string> {
  const { name, version, target, files } = artifact;
  // How long it takes changes nothing of what is made.
  const build = { ...artifact.build, minutes: undefined };
  const hash = createHash("sha256").update(JSON.stringify({ name, version, target, files, build }));
  const directory = moduleDirectory(build.module);
  for (const file of (await readdir(directory)).sort()) {
    if (!/^go\.(mod|sum)$|\.go$/.test(file)) continue;
    hash.update(file).update(await readFile(join(directory, file)));
  }
  return hash.digest("hex").slice(0, 12);
}
