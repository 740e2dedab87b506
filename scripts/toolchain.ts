import { parseArgs } from "node:util";
import { KeelsonError } from "../errors.ts";
import { staleImages } from "../machines/nspawn/stale-images.ts";
import {
  clearBuildCache,
  cacheDirectory,
  defaultKubernetes,
  resolve,
  resolveBundle,
} from "../toolchain/index.ts";
import { pruneCache } from "../toolchain/prune.ts";
import { staleArtifacts } from "../toolchain/stale.ts";
import { tools } from "../toolchain/tools.ts";

/**
 * Prepares everything that `npm start` needs, and prints what is there. With `prune` it removes from the cache what
 * earlier versions left there.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "dry-run": { type: "boolean", default: false },
    kubernetes: { type: "string", default: defaultKubernetes },
    quiet: { type: "boolean", default: false },
  },
});

const started = performance.now();
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => {
    controller.abort();
  });
}

const actions: Readonly<Record<string, () => Promise<void>>> = { prepare, prune };

try {
  const [name = "prepare"] = positionals;
  const action = actions[name];
  if (action === undefined) {
    const known = Object.keys(actions).join('", "');
    throw new KeelsonError("KEELSON_INVALID_INPUT", `Cannot run "${name}": it is none of "${known}"`);
  }
  await action();
} catch (error) {
  if (!KeelsonError.is(error)) throw error;
  process.stderr.write(`${error.message}\n${error.fix} [${error.code}]\n`);
  process.exitCode = error.code === "KEELSON_ABORTED" ? 130 : 1;
}

async function prepare(): Promise<void> {
  const options = { signal: controller.signal, onProgress: report };
  const rows: Row[] = [];
  const bundle = await resolveBundle(values.kubernetes, { ...options, extraImages: ["demo"] });
  for (const name of tools) {
    const { version, source, files } = await resolve(name, options);
    for (const { path, size } of Object.values(files)) rows.push({ name, version, source, size, path });
  }
  await clearBuildCache({ cache: cacheDirectory(), signal: controller.signal });
  for (const { name, version, source, size, path } of bundle.files)
    rows.push({ name, version, source, size, path });
  print(rows);
  const worker = bundle.files.filter(({ role }) => role === "node").reduce((sum, { size }) => sum + size, 0);
  const all = bundle.files.reduce((sum, { size }) => sum + size, 0);
  process.stdout.write(
    `\nKubernetes ${bundle.kubernetes}: ${bundle.directory}\n` +
      `A worker takes ${megabytes(worker)}, a control-plane host ${megabytes(all)}. Ready in ${elapsed()}.\n`,
  );
}

async function prune(): Promise<void> {
  const cache = cacheDirectory();
  const dryRun = values["dry-run"];
  const stale = [...(await staleArtifacts(cache)), ...(await staleImages(cache))];
  const pruned = await pruneCache(stale, { cache, dryRun, signal: controller.signal });
  for (const { name, size } of pruned) process.stdout.write(`${megabytes(size).padStart(10)}  ${name}\n`);
  const done = dryRun ? "would be removed" : "removed";
  process.stdout.write(`${String(pruned.length)} ${done} from ${cache}\n`);
}

interface Row {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly size: number;
  readonly path: string;
}

function print(rows: readonly Row[]): void {
  const lines = [
    ["NAME", "VERSION", "SOURCE", "SIZE", "PATH"],
    ...rows.map(({ name, version, source, size, path }) => [name, version, source, megabytes(size), path]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  for (const line of lines) {
    const cells = line.map((cell, column) =>
      column === 3 ? cell.padStart(widths[3] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
    process.stdout.write(`${cells.join("  ").trimEnd()}\n`);
  }
}

function report(line: string): void {
  if (!values.quiet) process.stderr.write(`${elapsed().padStart(7)}  ${line}\n`);
}

function elapsed(): string {
  const seconds = (performance.now() - started) / 1000;
  return seconds < 60
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
