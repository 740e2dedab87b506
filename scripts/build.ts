// Builds what users install into dist/: ES modules, and the constructs for `require` too.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundleCode, bundleDeclarations, type Files } from "./packaging/bundle-constructs.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
const compiler = join(root, "node_modules/typescript/bin/tsc");
execFileSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
await packConstructs(join(dist, "constructs"), join(dist, "commonjs/constructs"));
// Inside this folder `.js` means CommonJS, whatever the package says.
writeFileSync(join(dist, "commonjs/package.json"), '{ "type": "commonjs" }\n');
cpSync(join(root, "toolchain/modules"), join(dist, "toolchain/modules"), { recursive: true });
writeLauncher(join(dist, "stacks/provider/bin/pulumi-resource-keelson"));

/** Replaces the modules of the constructs by few files, and writes them for `require` beside. */
async function packConstructs(modules: string, commonjs: string): Promise<void> {
  const declarations = await bundleDeclarations(modules);
  const [asModules, asCommonjs] = [await bundleCode(modules, "esm"), await bundleCode(modules, "cjs")];
  rmSync(modules, { recursive: true });
  write(modules, asModules, declarations);
  write(commonjs, asCommonjs, declarations);
}

function write(folder: string, ...all: readonly Files[]): void {
  for (const [name, text] of all.flatMap((files) => [...files])) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

// In an installed package nothing changes, so the provider runs as it was built.
function writeLauncher(path: string): void {
  const script = `#!/bin/sh
# Starts keelson's provider with the first Node on the PATH that is new enough.
set -eu
here=$(dirname "$(readlink -f "$0")")
fits='const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 18) ? 0 : 1)'
node=$(command -v node || true)
if [ -z "$node" ] || ! "$node" -e "$fits"; then
  echo "Cannot start keelson's provider: no Node of version 22.18 or later on the PATH" >&2
  exit 1
fi
unset NODE_OPTIONS
exec "$node" "$here/../main.js" "$@"
`;
  cpSync(join(root, "stacks/provider/bin"), join(path, ".."), { recursive: true });
  writeFileSync(path, script);
  chmodSync(path, 0o755);
}
