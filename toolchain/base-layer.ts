import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hostTarget } from "./artifact.ts";
import { unpackDebianPackages } from "./debian.ts";
import { withLock } from "./lock.ts";
import { mediaTypes, writeLayer } from "./oci.ts";
import type { Layer } from "./oci.ts";
import type { Toolchain } from "./settings.ts";
import type { TarEntry } from "./tar.ts";
import { findChanged } from "./verify.ts";

/** The packet filter's tools with their libraries, the names of protocols that they look up, and a shell. */
const packages = [
  "busybox-static",
  "conntrack",
  "ipset",
  "iptables",
  "libbsd0",
  "libc6",
  "libedit2",
  "libgmp10",
  "libip4tc2",
  "libip6tc2",
  "libipset13",
  "libjansson4",
  "libmd0",
  "libmnl0",
  "libnetfilter-conntrack3",
  "libnfnetlink0",
  "libnftables1",
  "libnftnl11",
  "libtinfo6",
  "libxtables12",
  "netbase",
  "nftables",
] as const;

const applets =
  "sh ls cat cp mv rm mkdir ln chmod chown echo env true false sleep date head tail grep sed awk cut sort tr find xargs test [ id ps kill mount umount modprobe sysctl ip wget nslookup ping touch uname wc vi".split(
    " ",
  );

/** Folders that hold nothing a container needs. */
const pruned = /^(usr\/share\/|usr\/lib\/[^/]+\/(gconv|audit)(\/|$)|var\/|etc\/(init\.d|default)(\/|$))/;

/** Every image that is composed here and needs more than its program starts with this layer. */
export async function baseLayer(toolchain: Toolchain): Promise<Layer> {
  const { cache, progress, signal } = toolchain;
  const directory = join(cache, "artifacts", "base-layer", baseLayerRecipe());
  const lock = join(cache, "locks", "base-layer.lock");
  const work = async (): Promise<Layer> =>
    (await readCached(directory, cache)) ?? (await make(directory, toolchain));
  return await withLock(lock, "prepare the images' base layer", work, {
    onWait: progress,
    ...(signal ? { signal } : {}),
  });
}

/** Digest over what the layer is made from. Twelve hex digits. */
export function baseLayerRecipe(): string {
  const recipe = JSON.stringify({
    packages,
    applets,
    pruned: pruned.source,
    layer: mediaTypes.layer,
    target: hostTarget(),
  });
  return createHash("sha256").update(recipe).digest("hex").slice(0, 12);
}

async function make(directory: string, toolchain: Toolchain): Promise<Layer> {
  toolchain.progress("Composing the images' base layer from Debian packages");
  await rm(directory, { recursive: true, force: true });
  const root = `${directory}.root`;
  await rm(root, { recursive: true, force: true });
  try {
    await prepareRoot(root);
    await unpackDebianPackages(packages, root, toolchain);
    await addLinks(root);
    await mkdir(directory, { recursive: true });
    const path = join(directory, "layer.tar.zst");
    const layer = await writeLayer(await walk(root, ""), `${path}.tmp`);
    await rename(`${path}.tmp`, path);
    await writeFile(join(directory, "record.json"), JSON.stringify(layer));
    return { ...layer, from: { path } };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function readCached(directory: string, cache: string): Promise<Layer | undefined> {
  const path = join(directory, "layer.tar.zst");
  try {
    const text = await readFile(join(directory, "record.json"), "utf8");
    const layer = JSON.parse(text) as Layer;
    const sha256 = layer.digest.replace("sha256:", "");
    const changed = await findChanged([{ path, size: layer.size, sha256 }], cache);
    return changed.length === 0 ? { ...layer, from: { path } } : undefined;
  } catch {
    return undefined;
  }
}

/** Debian's merged layout: packages still name /bin, /lib and /sbin. */
async function prepareRoot(root: string): Promise<void> {
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(root, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
}

async function addLinks(root: string): Promise<void> {
  for (const applet of applets) {
    await symlink("busybox", join(root, "usr/bin", applet)).catch(ignoreExisting);
  }
  for (const family of ["iptables", "ip6tables"]) {
    for (const suffix of ["", "-save", "-restore"]) {
      await symlink("xtables-nft-multi", join(root, "usr/sbin", `${family}${suffix}`)).catch(ignoreExisting);
    }
  }
}

async function walk(root: string, folder: string): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for (const name of (await readdir(join(root, folder))).sort()) {
    const path = folder === "" ? name : `${folder}/${name}`;
    const info = await lstat(join(root, path));
    if (pruned.test(info.isDirectory() ? `${path}/` : path)) continue;
    if (info.isSymbolicLink()) entries.push({ kind: "link", path, target: await readlink(join(root, path)) });
    else if (info.isDirectory()) entries.push({ kind: "directory", path }, ...(await walk(root, path)));
    else if (info.isFile()) {
      entries.push({ kind: "file", path, from: join(root, path), size: info.size, mode: info.mode & 0o777 });
    }
  }
  return entries;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
