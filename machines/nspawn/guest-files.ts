import { createHash } from "node:crypto";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Fleet } from "./fleet.ts";
import { ensureKey, hostKeyPath, publicKey, type KeyType } from "./keys.ts";
import { fleetPaths, machinePaths, type Layout } from "./layout.ts";
import { readOptional, writeWhole } from "./records.ts";
import type { MachineSpec } from "../driver.ts";

/** Folders of /var/lib on a real disk, with modes: an overlay cannot lie on an overlay, and etcd wants a plain disk. */
export const realFolders = { containerd: 0o711, kubelet: 0o750, etcd: 0o700 } as const;

const keyTypes = ["ed25519", "ecdsa", "rsa"] as const satisfies readonly KeyType[];

/** Runs before anything that needs the network, cgroups or sysctls. Container managers want a shared root mount. */
const setupUnit = `[Unit]
Description=Kernel interfaces and network of a local machine
DefaultDependencies=no
Before=sysinit.target systemd-sysctl.service systemd-modules-load.service network-pre.target ssh.service
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /usr/local/sbin/keelson-machine
`;

function setupScript(address: string, gateway: string): string {
  return `# Gives the machine the kernel interfaces and the address that a computer of its own would have.
for group in /sys/fs/cgroup/*; do
  if mountpoint -q "$group"; then mount -o remount,bind,rw "$group"; fi
done
mount -o remount,bind,rw /proc/sys
mount -o remount,bind,rw /sys
mount --make-rshared /
ip link set lo up
ip address replace ${address}/24 dev host0
ip link set host0 up
ip route replace default via ${gateway}
`;
}

/** Writes the guest's own files over the root image, once; what depends on the mirror's port every time. */
export async function ensureGuestFiles(
  layout: Layout,
  spec: MachineSpec,
  address: string,
  fleet: Fleet,
): Promise<void> {
  const paths = machinePaths(layout, spec.fleet, spec.name);
  const sources = `deb [trusted=yes] http://${fleet.gateway}:${fleet.mirrorPort}/apt ./\n`;
  if ((await readOptional(paths.prepared)) === undefined) {
    await rm(paths.upper, { recursive: true, force: true });
    await ensureFolder(paths.upper, 0o755);
    const authorized = await publicKey(fleetPaths(layout, spec.fleet).key);
    await writeTree(
      paths.upper,
      guestFiles(paths.directory, spec.name, { address, gateway: fleet.gateway, authorized }),
    );
    const wants = join(paths.upper, "etc/systemd/system/sysinit.target.wants");
    await ensureFolder(wants, 0o755);
    await symlink("../keelson-machine.service", join(wants, "keelson-machine.service"));
    await Promise.all(
      keyTypes.map((type) => ensureKey(hostKeyPath(paths.upper, type), type, `root@${spec.name}`)),
    );
    for (const [folder, mode] of Object.entries(realFolders))
      await ensureFolder(join(paths.data, folder), mode);
    for (const folder of ["root", "work"]) await ensureFolder(join(paths.directory, folder), 0o755);
    await writeTree(paths.upper, { "etc/apt/sources.list": sources });
    await writeWhole(paths.prepared, "");
  } else if (
    (await readOptional(join(paths.upper, "etc/apt/sources.list")))?.includes("[trusted=yes] http://") ===
    true
  ) {
    await writeTree(paths.upper, { "etc/apt/sources.list": sources });
  }
}

/** The machine's public ed25519 host key; undefined until its files are written. */
export async function readHostKey(layout: Layout, spec: MachineSpec): Promise<string | undefined> {
  const paths = machinePaths(layout, spec.fleet, spec.name);
  if ((await readOptional(paths.prepared)) === undefined) return undefined;
  return await publicKey(hostKeyPath(paths.upper, "ed25519"));
}

interface GuestNetwork {
  readonly address: string;
  readonly gateway: string;
  readonly authorized: string;
}

function guestFiles(
  directory: string,
  name: string,
  network: GuestNetwork,
): Readonly<Record<string, string>> {
  const { address, gateway, authorized } = network;
  const machineId = createHash("sha256").update(`${directory} ${Date.now()}`).digest("hex").slice(0, 32);
  return {
    "etc/hostname": `${name}\n`,
    "etc/hosts": `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${address} ${name}\n`,
    "etc/machine-id": `${machineId}\n`,
    // Nothing answers there, so a question for a public name fails at once instead of in a timeout.
    "etc/resolv.conf": `nameserver ${gateway}\n`,
    "root/.ssh/authorized_keys": `${authorized}\n`,
    "usr/local/sbin/keelson-machine": setupScript(address, gateway),
    "etc/systemd/system/keelson-machine.service": setupUnit,
  };
}

async function writeTree(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const isPrivate = path.startsWith("root/");
    const folders = dirname(path).split("/");
    for (const [index] of folders.entries()) {
      await ensureFolder(join(root, ...folders.slice(0, index + 1)), isPrivate ? 0o700 : 0o755);
    }
    await writeFile(join(root, path), content);
    await chmod(join(root, path), isPrivate ? 0o600 : 0o644);
  }
}

/** With the mode that is asked for, whatever the umask: a guest sees the modes of its upper layer. */
async function ensureFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, mode);
}
