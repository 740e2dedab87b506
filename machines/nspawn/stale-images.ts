import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { debianReleases } from "./debian-sources.ts";
import { packagesDigest } from "./package-archive.ts";
import { namesIn } from "./records.ts";
import { rootDigest } from "./root-image.ts";

/** Names that keelson gives; what a killed run left half made ends with `.partial`. */
const ours = /^[0-9a-f]{16}(\.\d+\.partial)?$/;

/** Root images and packages in the cache that are not this version's, and that no machine or mirror works with. */
export async function staleImages(cache: string): Promise<readonly string[]> {
  const candidates = [
    ...(await others(join(cache, "roots"), debianReleases.map(rootDigest))),
    ...(await others(join(cache, "packages"), debianReleases.map(packagesDigest))),
  ];
  if (candidates.length === 0) return [];
  const texts = await processTexts();
  return candidates.filter((path) => !texts.some((text) => text.includes(path)));
}

async function others(folder: string, wanted: readonly string[]): Promise<readonly string[]> {
  const names = await namesIn(folder);
  return names.filter((name) => ours.test(name) && !wanted.includes(name)).map((name) => join(folder, name));
}

/** How every process was started, and what it has mounted: a machine's root is named in one of the two. */
async function processTexts(): Promise<readonly string[]> {
  const pids = (await namesIn("/proc")).filter((name) => /^\d+$/.test(name));
  const files = pids.flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/mountinfo`]);
  return await Promise.all(files.map((path) => readFile(path, "utf8").catch(() => "")));
}
