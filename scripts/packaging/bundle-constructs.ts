import { readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { constructEntryPoints } from "./construct-entry-points.ts";

/** Texts of files by their paths in a folder. */
export type Files = ReadonlyMap<string, string>;

/**
 * The code of the constructs as one file for each entry point: reading a hundred takes most of the time of an import.
 * Reads the folder of built ES modules.
 */
export async function bundleCode(from: string, format: "esm" | "cjs"): Promise<Files> {
  const shared = format === "cjs" ? ["../errors"] : [];
  const names = [...entryPoints(from), ...shared].map((name) => `${name}.js`);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await bundle(from, name, format)] as const)),
  );
}

/**
 * The declarations of the constructs as one file for each entry point, without what no entry point shows. A compiler
 * that checks the declarations of libraries, as it does if nothing else is said, checks each file that is imported whole.
 */
export async function bundleDeclarations(from: string): Promise<Files> {
  const input = Object.fromEntries(entryPoints(from).map((name) => [name, join(from, `${name}.d.ts`)]));
  const bundles = await rollup({ input, plugins: [dts()], external: /^[^./]/ });
  const { output } = await bundles.generate({
    format: "es",
    entryFileNames: "[name].d.ts",
    chunkFileNames: "shared-[hash].d.ts",
    minifyInternalExports: false,
  });
  await bundles.close();
  return new Map(output.map((file) => [file.fileName, "code" in file ? file.code : ""]));
}

/** What others of the package import, and what users do. */
function entryPoints(from: string): readonly string[] {
  const kubernetes = readdirSync(join(from, "kubernetes")).flatMap((name) => {
    const types = /^(types-.+)\.js$/.exec(name)?.[1];
    return types === undefined ? [] : [`kubernetes/${types}`];
  });
  return [...constructEntryPoints, ...kubernetes];
}

async function bundle(from: string, entry: string, format: "esm" | "cjs"): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(from, entry)],
    write: false,
    bundle: true,
    format,
    platform: "node",
    target: "node22",
    packages: "external",
    plugins: [keepShared(from, join(from, entry))],
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}

/** What the whole package has once stays outside: its errors, and the constructs for those who test them. */
function keepShared(from: string, entry: string): Plugin {
  const shared = [join(from, "../errors.js"), join(from, "index.js")];
  return {
    name: "keep-shared",
    setup(builder) {
      builder.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) =>
        shared.includes(resolve(resolveDir, path))
          ? { path: relative(dirname(entry), resolve(resolveDir, path)), external: true }
          : undefined,
      );
    },
  };
}
