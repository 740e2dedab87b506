import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { withLock } from "../../toolchain/lock.ts";
import type { MachineOptions } from "../driver.ts";
import { runLocal } from "./command.ts";
import { debianRelease, debianSources } from "./debian-sources.ts";
import type { DebianRelease } from "./debian-sources.ts";
import { namesIn, readOptional } from "./records.ts";
import { rootDigest } from "./root-image.ts";

/** What a bootstrap installs on a host; everything that these need is fetched with them. */
const packages = [
  "iptables",
  "nftables",
  "conntrack",
  "ethtool",
  "socat",
  "ebtables",
  "ipset",
  "curl",
  "kmod",
  "keepalived",
  "haproxy",
  "nfs-common",
  // A firewall, for hosts that have one.
  "ufw",
] as const;

/** Rises when what `writeIndex` writes changes. */
const recipe = 2;

/** Names the content of a release's package archive: another digest is another archive. */
export function packagesDigest(release: DebianRelease): string {
  return createHash("sha256")
    .update(JSON.stringify({ recipe, rootDigest: rootDigest(release), packages }))
    .digest("hex")
    .slice(0, 16);
}

/**
 * A folder that apt can install the packages from: `deb [trusted=yes] http://…/apt ./`. Made once per cache.
 * Throws KEELSON_DOWNLOAD_FAILED if apt cannot fetch them.
 */
export async function ensurePackageArchive(
  cache: string,
  root: string,
  options: MachineOptions = {},
): Promise<string> {
  const digest = packagesDigest(debianRelease());
  const directory = join(cache, "packages", digest);
  if ((await readOptional(join(directory, "Release"))) !== undefined) return directory;
  await mkdir(join(cache, "packages"), { recursive: true });
  return await withLock(
    join(cache, "packages", `${digest}.lock`),
    "fetch the machines' packages",
    async () => {
      if ((await readOptional(join(directory, "Release"))) !== undefined) return directory;
      options.onProgress?.("Fetching the packages that hosts install, once");
      await removeLeftovers(cache);
      const partial = join(cache, "packages", `${digest}.${process.pid}.partial`);
      try {
        const archives = await download(partial, root, options.signal);
        await writeIndex(archives);
        await rm(directory, { recursive: true, force: true });
        await rename(archives, directory);
      } finally {
        await rm(partial, { recursive: true, force: true });
      }
      return directory;
    },
  );
}

async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await namesIn(join(cache, "packages"))) {
    if (name.endsWith(".partial")) await rm(join(cache, "packages", name), { recursive: true, force: true });
  }
}

/** Lets apt resolve against the root image's own package list, in folders of ours. */
async function download(partial: string, root: string, signal: AbortSignal | undefined): Promise<string> {
  const archives = join(partial, "archives");
  const lists = join(partial, "lists");
  for (const folder of [archives, lists]) await mkdir(join(folder, "partial"), { recursive: true });
  const sources = join(partial, "sources.list");
  await writeFile(
    sources,
    (await debianSources(debianRelease())).map(({ uri, release }) => `deb ${uri} ${release} main\n`).join(""),
  );
  const settings = {
    "APT::Sandbox::User": "root",
    "APT::Update::Post-Invoke-Success::": "true",
    "Dir::State": partial,
    "Dir::State::lists": lists,
    "Dir::State::status": join(root, "var/lib/dpkg/status"),
    "Dir::Cache": partial,
    "Dir::Cache::archives": archives,
    "Dir::Etc::SourceList": sources,
    "Dir::Etc::SourceParts": "/dev/null",
    "Dir::Etc::Preferences": "/dev/null",
    "Dir::Etc::PreferencesParts": "/dev/null",
  };
  const args = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  const fetch = { signal, purpose: "fetch the machines' packages", code: "KEELSON_DOWNLOAD_FAILED" } as const;
  await runLocal("apt-get", [...args, "-q", "update"], fetch);
  const install = ["-q", "-y", "--no-install-recommends", "--download-only", "install", ...packages];
  await runLocal("apt-get", [...args, ...install], fetch);
  for (const name of await namesIn(archives)) {
    if (!name.endsWith(".deb")) await rm(join(archives, name), { recursive: true });
  }
  return archives;
}

async function writeIndex(folder: string): Promise<void> {
  let index = "";
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const control = await runLocal("dpkg-deb", ["--field", path]);
    const { size } = await stat(path);
    index += `${control.trimEnd()}\nFilename: ./${name}\nSize: ${size}\nSHA256: ${await sha256(path)}\n\n`;
  }
  const files = { Packages: Buffer.from(index), "Packages.gz": gzipSync(index) };
  let release = `Label: keelson\nDate: ${new Date().toUTCString().replace("GMT", "UTC")}\nSHA256:\n`;
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    release += ` ${createHash("sha256").update(content).digest("hex")} ${content.length} ${name}\n`;
  }
  // Last, since its presence says that the folder is whole.
  await writeFile(join(folder, "Release"), release);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
