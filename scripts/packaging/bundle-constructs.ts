import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

/** Where the constructs lie as built ES modules, and where their bundles go. */
export interface Bundling {
  readonly from: string;
  readonly to: string;
  readonly format: "esm" | "cjs";
}

const entries = ["index.js", "testing/index.js"];

/** Modules that others of the package import, and that users do. */
const separate = /^(late|kubernetes\/types-[^/]+)\.js$/;

/** Puts the constructs into one file for each entry point: reading a hundred takes most of the time of an import. */
export async function bundleConstructs({ from, to, format }: Bundling): Promise<void> {
  const bundles = await Promise.all(entries.map((entry) => bundle(from, entry, format)));
  for (const file of readdirSync(to, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".js") && !separate.test(file)) rmSync(join(to, file));
  }
  for (const [index, text] of bundles.entries()) writeFileSync(join(to, entries[index] ?? ""), text);
}

async function bundle(from: string, entry: string, format: Bundling["format"]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(from, entry)],
    write: false,
    bundle: true,
    format,
    platform: "node",
    target: "node22",
    packages: "external",
    plugins: [keepShared(from, dirname(join(from, entry)))],
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}

/** What the whole package has once stays outside: its errors, and the constructs for those who test them. */
function keepShared(from: string, home: string): Plugin {
  const shared = [join(from, "../errors.js"), ...(home === from ? [] : [join(from, "index.js")])];
  return {
    name: "keep-shared",
    setup(builder) {
      builder.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) =>
        shared.includes(resolve(resolveDir, path))
          ? { path: relative(home, resolve(resolveDir, path)), external: true }
          : undefined,
      );
    },
  };
}
