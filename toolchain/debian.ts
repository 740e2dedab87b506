import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { KeelsonError } from "../errors.ts";
import { execute } from "./execute.ts";
import type { Toolchain } from "./settings.ts";

/** Installs what is missing of the packages that a build needs. Throws KEELSON_TOOL_MISSING where that can't be done. */
export async function requireDebianPackages(names: readonly string[], toolchain: Toolchain): Promise<void> {
  const missing: string[] = [];
  for (const name of names) if (!(await isInstalled(name, toolchain))) missing.push(name);
  if (missing.length === 0) return;
  const list = missing.join(" ");
  if (process.getuid?.() !== 0) {
    throw new KeelsonError(
      "KEELSON_TOOL_MISSING",
      `Cannot build from source: the Debian packages "${list}" are missing`,
      {
        fix: `Run: sudo apt-get install ${list}`,
      },
    );
  }
  toolchain.progress(`Installing Debian packages for the build: ${list}`);
  await apt(["install", "-y", "--no-install-recommends", ...missing], toolchain);
}

/** Unpacks Debian packages, without installing them, into a folder that becomes an image's root. */
export async function unpackDebianPackages(
  names: readonly string[],
  root: string,
  toolchain: Toolchain,
): Promise<void> {
  const downloads = `${root}.packages`;
  await rm(downloads, { recursive: true, force: true });
  await mkdir(downloads, { recursive: true });
  try {
    await apt(["download", ...names], toolchain, downloads);
    for (const file of (await readdir(downloads)).sort()) {
      // Packages put files into /lib and /sbin, which are links here.
      const script = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink --no-same-owner -C "$2"';
      const { code, tail } = await execute(
        "sh",
        ["-ec", script, "sh", join(downloads, file), root],
        toolchain,
      );
      if (code !== 0) throw failed(`unpack the Debian package "${file}"`, tail);
    }
  } finally {
    await rm(downloads, { recursive: true, force: true });
  }
}

async function isInstalled(name: string, { signal }: Toolchain): Promise<boolean> {
  const { code, stdout } = await execute("dpkg-query", ["-W", "-f=${Status}", name], { signal });
  return code === 0 && stdout.endsWith("install ok installed");
}

/** The package lists of a fresh machine are empty, so a command that fails is tried once more with new ones. */
async function apt(args: readonly string[], toolchain: Toolchain, cwd?: string): Promise<void> {
  const log = join(toolchain.cache, "logs", "apt.log");
  const env = { ...toolchain.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, log, signal: toolchain.signal, ...(cwd === undefined ? {} : { cwd }) };
  if ((await execute("apt-get", args, options)).code === 0) return;
  toolchain.progress("Updating Debian's package lists");
  await execute("apt-get", ["update"], options);
  const { code, tail } = await execute("apt-get", args, options);
  if (code !== 0) throw failed(`run "apt-get ${args.join(" ")}"`, tail);
}

function failed(what: string, tail: string): KeelsonError {
  return new KeelsonError("KEELSON_BUILD_FAILED", `Cannot ${what}: it failed\n${tail}`);
}
