import { createHash } from "node:crypto";
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { arch } from "node:process";
import { join } from "node:path";
import { withLock } from "../../toolchain/lock.ts";
import { runLocal } from "./command.ts";
import { aptProxy, debianRelease, debianSources } from "./debian-sources.ts";
import type { DebianRelease } from "./debian-sources.ts";
import { namesIn, readOptional } from "./records.ts";
import type { MachineOptions } from "../driver.ts";

/** What a Debian server install ships; nothing of Kubernetes, no container runtime, no firewall tools. */
const packages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "iproute2",
  "kmod",
  "procps",
  "sudo",
  "ca-certificates",
] as const;

/** Units that a machine without a disk, a clock or a console of its own has no use for. */
const maskedUnits = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "getty@tty1.service",
  "console-getty.service",
  "systemd-networkd-wait-online.service",
  "systemd-pstore.service",
] as const;

const sshdConfig =
  "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n";

/** Rises when what `finish` does changes. */
const recipe = 1;

/** Names the content of a release's root image: another digest is another image. */
export function rootDigest(release: DebianRelease): string {
  return createHash("sha256")
    .update(JSON.stringify({ recipe, release, arch, packages, maskedUnits, sshdConfig }))
    .digest("hex")
    .slice(0, 16);
}

/**
 * The folder with the root that all machines share, read only. Made once per cache (about 100 s).
 *
 * Throws KEELSON_DOWNLOAD_FAILED if debootstrap fails
 */
export async function ensureRootImage(
  cache: string,
  options: MachineOptions = {},
  release = debianRelease(),
): Promise<string> {
  const digest = rootDigest(release);
  const directory = join(cache, "roots", digest);
  const root = join(directory, "root");
  if ((await readOptional(join(directory, "complete"))) !== undefined) return root;
  await mkdir(join(cache, "roots"), { recursive: true });
  return await withLock(join(cache, "roots", `${digest}.lock`), "make the root image", async () => {
    if ((await readOptional(join(directory, "complete"))) !== undefined) return root;
    options.onProgress?.("Making the root image of local machines, once: about two minutes");
    await rm(directory, { recursive: true, force: true });
    await removeLeftovers(cache);
    const partial = join(cache, "roots", `${digest}.${String(process.pid)}.partial`);
    await mkdir(partial);
    try {
      await debootstrap(join(partial, "root"), release, options.signal);
      await finish(join(partial, "root"));
      await writeFile(join(partial, "complete"), "");
      await rename(partial, directory);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    return root;
  });
}

/** Half-made images of runs that were killed: only the holder of the lock makes one. */
async function removeLeftovers(cache: string): Promise<void> {
  for (const name of await namesIn(join(cache, "roots"))) {
    if (name.endsWith(".partial")) await rm(join(cache, "roots", name), { recursive: true, force: true });
  }
}

async function debootstrap(
  root: string,
  release: DebianRelease,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [source] = await debianSources(release);
  if (source === undefined) return;
  // Dies with this process, and takes everything that it started and mounted along.
  const contained =
    "--pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child --mount-proc";
  const bootstrap = [
    "debootstrap",
    "--variant=minbase",
    `--include=${packages.join(",")}`,
    release,
    root,
    source.uri,
  ];
  await runLocal("setpriv", [...contained.split(" "), ...bootstrap], {
    signal,
    environment: await aptProxy(),
    purpose: "make the root image of local machines",
    code: "KEELSON_DOWNLOAD_FAILED",
  });
}

/** Takes away what must differ between machines and what tells where the packages came from. */
async function finish(root: string): Promise<void> {
  const unwanted = [
    "etc/apt/sources.list",
    "etc/machine-id",
    "var/lib/dbus/machine-id",
    "etc/hostname",
    "etc/resolv.conf",
  ];
  const keys = (await namesIn(join(root, "etc/ssh"))).filter((name) => name.startsWith("ssh_host_"));
  for (const path of [...unwanted, ...keys.map((name) => `etc/ssh/${name}`)])
    await rm(join(root, path), { force: true });
  for (const folder of ["var/lib/apt/lists", "var/cache/apt", "var/log"]) {
    for (const name of await namesIn(join(root, folder)))
      await rm(join(root, folder, name), { recursive: true });
  }
  await mkdir(join(root, "var/log/journal"));
  await mkdir(join(root, "etc/apt/sources.list.d"), { recursive: true });
  await writeFile(join(root, "etc/ssh/sshd_config.d/keelson.conf"), sshdConfig);
  await runLocal("systemctl", [`--root=${root}`, "mask", ...maskedUnits]);
  await chmod(root, 0o755);
}
