// Builds what users install into dist/: ES modules, and the constructs for `require` too.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleConstructs } from "./packaging/bundle-constructs.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
for (const project of ["tsconfig.build.json", "tsconfig.commonjs.json"]) {
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], {
    cwd: root,
    stdio: "inherit",
  });
}
const constructs = join(dist, "constructs");
await bundleConstructs({ from: constructs, to: join(dist, "commonjs/constructs"), format: "cjs" });
await bundleConstructs({ from: constructs, to: constructs, format: "esm" });
// Inside this folder `.js` means CommonJS, whatever the package says.
writeFileSync(join(dist, "commonjs/package.json"), '{ "type": "commonjs" }\n');
cpSync(join(root, "toolchain/modules"), join(dist, "toolchain/modules"), { recursive: true });
writeLauncher(join(dist, "stacks/provider/bin/pulumi-resource-keelson"));

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
