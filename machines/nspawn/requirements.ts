import { access, constants, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { KeelsonError, type Problem } from "../../errors.ts";
import type { MachineOptions } from "../driver.ts";
import { withComputer } from "./inotify-limit.ts";
import { runLocal } from "./command.ts";

/** Each program that the driver runs, with the Debian package that has it. */
const tools = {
  debootstrap: "debootstrap",
  "systemd-nspawn": "systemd-container",
  ip: "iproute2",
  "ssh-keygen": "openssh-client",
  unshare: "util-linux",
  setpriv: "util-linux",
  flock: "util-linux",
  "apt-get": "apt",
  "dpkg-deb": "dpkg",
  systemctl: "systemd",
} as const;

type Tool = keyof typeof tools;

const filesystems = ["overlay", "tmpfs"];

/** What this computer lacks and `ensureTools` cannot bring. */
export async function missingRequirements(): Promise<readonly Problem[]> {
  const where = "this computer";
  if (process.platform !== "linux") {
    return [
      {
        code: "KEELSON_NOT_SUPPORTED",
        where,
        message: `the system is "${process.platform}", local machines need Linux`,
      },
    ];
  }
  const problems: Problem[] = [];
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) {
    problems.push({
      code: "KEELSON_PRIVILEGE_MISSING",
      where,
      message: "the user is not root, local machines need its rights",
    });
  }
  const missing = await missingTools();
  if (missing.length > 0 && (!isRoot || missing.includes("apt-get"))) {
    const packages = [...new Set(missing.map((tool) => tools[tool]))].join(" ");
    const message = `${missing.map((tool) => `"${tool}"`).join(", ")} not found, local machines need them`;
    problems.push({ code: "KEELSON_TOOL_MISSING", where, message, fix: `Install the packages ${packages}` });
  }
  const known = await readFile("/proc/filesystems", "utf8");
  for (const filesystem of filesystems) {
    if (new RegExp(`\\t${filesystem}$`, "m").test(known)) continue;
    const message = `the kernel has no "${filesystem}" file system`;
    problems.push({ code: "KEELSON_HOST_MISSING_CAPABILITY", where, message });
  }
  return problems;
}

/** Installs the Debian packages of missing tools. Throws KEELSON_TOOL_MISSING if apt cannot. */
export async function ensureTools(options: MachineOptions = {}): Promise<void> {
  if ((await missingTools()).length === 0) return;
  await withComputer("install tools", async () => {
    const missing = await missingTools();
    const packages = [...new Set(missing.map((tool) => tools[tool]))];
    if (packages.length === 0) return;
    options.onProgress?.(`Installing ${packages.join(", ")}`);
    const environment = { DEBIAN_FRONTEND: "noninteractive" };
    const purpose = `install ${packages.map((name) => `"${name}"`).join(", ")}`;
    const settings = { environment, purpose, signal: options.signal, code: "KEELSON_TOOL_MISSING" } as const;
    const install = [
      "-q",
      "-y",
      "--no-install-recommends",
      "-o",
      "DPkg::Lock::Timeout=300",
      "install",
      ...packages,
    ];
    await runLocal("apt-get", install, settings).catch(async (error: unknown) => {
      if (KeelsonError.is(error) && error.code === "KEELSON_ABORTED") throw error;
      // The package lists may be old or missing, as in a container's image.
      await runLocal("apt-get", ["-q", "update"], settings);
      await runLocal("apt-get", install, settings);
    });
  });
}

/** True if the program is on the PATH of this process. */
export async function hasTool(name: string): Promise<boolean> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const isThere = await access(join(folder, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
  }
  return false;
}

async function missingTools(): Promise<readonly Tool[]> {
  const names = Object.keys(tools) as Tool[];
  const found = await Promise.all(names.map(hasTool));
  return names.filter((_, index) => found[index] !== true);
}
