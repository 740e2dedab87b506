import { createHash } from "node:crypto";
import { mkdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Metafile, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".keelson/provider");
const bundle = join(folder, "provider.mjs");
const record = join(folder, "sources.json");

/** What CommonJS modules take for granted, and an ES module does not have. */
const commonJsNames = [
  'import { createRequire as keelsonRequire } from "node:module";',
  "const require = keelsonRequire(import.meta.url);",
  "const __filename = import.meta.filename;",
  "const __dirname = import.meta.dirname;",
].join("\n");

/** What a bundle was made from: a digest over the contents of its sources, and their paths. */
interface SourceRecord {
  readonly digest: string;
  readonly sources: readonly string[];
}

await (isMain() ? buildIfChanged() : undefined);

/**
 * Builds the provider into one file, unless the sources of the last build have not changed.
 * Several processes may do so at once: each writes its own file and renames it into place.
 */
export async function buildIfChanged(): Promise<void> {
  // The launcher compares times, and a source may change while the bundle is being made.
  const began = new Date();
  const last = await readRecord();
  if (last === undefined || (await digestOf(last.sources)) !== last.digest) await buildBundle();
  await utimes(bundle, began, began);
}

async function buildBundle(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const temporary = `${bundle}.${String(process.pid)}`;
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, "main.ts")],
    outfile: temporary,
    absWorkingDir: root,
    bundle: true,
    metafile: true,
    platform: "node",
    format: "esm",
    target: "node22",
    conditions: ["keelson-source"],
    // Native add-ons that make ssh2 a little faster; it does without them.
    external: ["cpu-features", "*.node"],
    banner: { js: commonJsNames },
    plugins: [keepModuleUrls(), dropUnusedModels()],
    logLevel: "warning",
  });
  await rename(temporary, bundle);
  const sources = ownSources(metafile);
  await writeFile(record, JSON.stringify({ digest: await digestOf(sources), sources }));
}

/** Modules find their neighbours by `import.meta`, which in the bundle would name the bundle. */
function keepModuleUrls(): Plugin {
  return {
    name: "keep-module-urls",
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path.includes("node_modules")) return undefined;
        const source = await readFile(path, "utf8");
        const own = (target: string): string => JSON.stringify(relative(folder, target));
        const replacements: Readonly<Record<string, string>> = {
          url: `new URL(${own(path)}, import.meta.url).href`,
          filename: `(import.meta.dirname + "/" + ${own(path)})`,
          dirname: `(import.meta.dirname + "/" + ${own(dirname(path))})`,
        };
        const contents = source.replace(
          /import\.meta\.(url|filename|dirname)\b/g,
          (whole, name: string) => replacements[name] ?? whole,
        );
        return { contents, loader: "ts" };
      });
    },
  };
}

/** The client for Kubernetes has sixteen megabytes of models, and does not say that what nobody uses may be left out. */
function dropUnusedModels(): Plugin {
  const isOfClient = /\/node_modules\/@kubernetes\/client-node\//;
  return {
    name: "drop-unused-models",
    setup(builder) {
      builder.onResolve({ filter: /^\./ }, ({ path, importer, resolveDir }) =>
        isOfClient.test(importer) ? { path: join(resolveDir, path), sideEffects: false } : undefined,
      );
    },
  };
}

function ownSources(metafile: Metafile): string[] {
  const inputs = Object.keys(metafile.inputs).filter((path) => !path.startsWith("node_modules/"));
  return [...inputs, "package-lock.json", relative(root, import.meta.filename)].sort();
}

async function digestOf(sources: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of sources) {
    const content = await readFile(join(root, path)).catch(() => "missing");
    hash.update(`${path}\0`).update(content).update("\0");
  }
  return hash.digest("hex");
}

async function readRecord(): Promise<SourceRecord | undefined> {
  try {
    await readFile(bundle);
    return JSON.parse(await readFile(record, "utf8")) as SourceRecord;
  } catch {
    return undefined;
  }
}

function isMain(): boolean {
  return import.meta.url === pathToFileURL(process.argv[1] ?? "").href;
}
