import { existsSync } from "node:fs";
import { mkdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { KeelsonError } from "../errors.ts";
import type { Artifact, GoBuild } from "./artifact.ts";
import { requireDebianPackages } from "./debian.ts";
import { execute } from "./execute.ts";
import { moduleDirectory } from "./go-module.ts";
import { withLock } from "./lock.ts";
import type { Toolchain } from "./settings.ts";

/** Bytes that a build may need beside its output: Go's caches grow by gigabytes. */
const wantedSpace = 4 * 1024 ** 3;

const heartbeatMilliseconds = 30_000;

/**
 * Builds an artifact's programs from its Go module into a folder, one build at a time on this machine.
 * Throws KEELSON_TOOL_MISSING, KEELSON_DISK_FULL, and KEELSON_BUILD_FAILED with the end of the log.
 */
export async function buildFromSource(
  artifact: Artifact,
  output: string,
  toolchain: Toolchain,
): Promise<void> {
  const { build, name, version } = artifact;
  const env = await goEnvironment(artifact, toolchain);
  await requireGo(build.go, env, toolchain);
  if (build.c) await requireDebianPackages(build.c, toolchain);
  await withLock(
    buildLock(toolchain),
    `build ${name} ${version}`,
    async () => {
      await requireSpace(toolchain.cache);
      const expected = build.minutes < 1 ? "under a minute" : `about ${build.minutes} min`;
      toolchain.progress(`Building ${name} ${version} from its Go module (${expected} on two processors)`);
      const started = Date.now();
      const elapsed = (): string => `${Math.round((Date.now() - started) / 1000)} s`;
      const heartbeat = setInterval(() => {
        toolchain.progress(`Building ${name} ${version}: ${elapsed()}`);
      }, heartbeatMilliseconds);
      try {
        await rm(logOf(artifact, toolchain), { force: true });
        for (const group of groups(build)) await goBuild(artifact, group, { output, env, toolchain });
      } finally {
        clearInterval(heartbeat);
      }
      toolchain.progress(`Built ${name} ${version} in ${elapsed()}`);
    },
    { ...(toolchain.signal ? { signal: toolchain.signal } : {}), onWait: toolchain.progress },
  );
}

/**
 * Removes Go's caches, which builds left below the cache folder for each other; the machine's own are never touched.
 * Waits for a build of another process.
 */
export async function clearBuildCache(toolchain: Pick<Toolchain, "cache" | "signal">): Promise<void> {
  const caches = buildCache(toolchain.cache);
  if (!existsSync(caches)) return;
  const work = (): Promise<void> => rm(caches, { recursive: true, force: true });
  await withLock(
    buildLock(toolchain),
    "remove Go's caches",
    work,
    toolchain.signal ? { signal: toolchain.signal } : {},
  );
}

interface Group {
  readonly packages: readonly string[];
  /** The program's name if its package is called otherwise. */
  readonly rename?: string;
}

interface BuildContext {
  readonly output: string;
  readonly env: NodeJS.ProcessEnv;
  readonly toolchain: Toolchain;
}

/** Programs named after their packages are built by one command; the others each by one of their own. */
function groups({ packages }: GoBuild): readonly Group[] {
  const entries = Object.entries(packages);
  const plain = entries.filter(([file, path]) => path.endsWith(`/${file}`)).map(([, path]) => path);
  const others = entries.filter(([file, path]) => !path.endsWith(`/${file}`));
  return [
    ...(plain.length > 0 ? [{ packages: plain }] : []),
    ...others.map(([rename, path]) => ({ packages: [path], rename })),
  ];
}

async function goBuild(
  artifact: Artifact,
  group: Group,
  { output, env, toolchain }: BuildContext,
): Promise<void> {
  const { build, name, version } = artifact;
  const values = Object.entries(build.values ?? {}).map(([key, value]) => `-X ${key}=${value}`);
  const linker = ["-s", "-w", ...(build.c ? ["-linkmode external", "-extldflags -static"] : []), ...values];
  const target = group.rename === undefined ? `${output}/` : join(output, group.rename);
  const args = [
    "build",
    "-mod=readonly",
    "-trimpath",
    "-p=2",
    `-tags=${(build.tags ?? []).join(",")}`,
    `-ldflags=${linker.join(" ")}`,
    "-o",
    target,
    ...group.packages,
  ];
  const log = logOf(artifact, toolchain);
  const cwd = moduleDirectory(build.module);
  const { code, tail } = await execute("go", args, { cwd, env, log, signal: toolchain.signal });
  if (code === 0) return;
  throw new KeelsonError(
    "KEELSON_BUILD_FAILED",
    `Cannot build ${name} ${version}: go ended with exit code ${code}\n${tail}`,
    { fix: `Read the build log "${log}"` },
  );
}

function logOf({ name, version }: Artifact, { cache }: Toolchain): string {
  return join(cache, "logs", `${name}-${version}.log`);
}

async function goEnvironment({ build, target }: Artifact, toolchain: Toolchain): Promise<NodeJS.ProcessEnv> {
  const { env, cache } = toolchain;
  const own = buildCache(cache);
  const isShared = env["KEELSON_BUILD_CACHE"] === "shared";
  const caches = isShared ? {} : { GOMODCACHE: join(own, "modules"), GOCACHE: join(own, "objects") };
  if (!isShared) await mkdir(own, { recursive: true });
  // A read-only module cache could not be removed afterwards.
  const flags = isShared ? (env["GOFLAGS"] ?? "") : `${env["GOFLAGS"] ?? ""} -modcacherw`.trim();
  return {
    // Compilers live for seconds: collecting their garbage costs a fifth of a build, and memory is there for it.
    GOGC: "off",
    GOMEMLIMIT: "2GiB",
    ...env,
    ...caches,
    GOFLAGS: flags,
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    GOOS: target.os,
    GOARCH: target.arch,
    CGO_ENABLED: build.c ? "1" : "0",
  };
}

async function requireGo(needed: string, env: NodeJS.ProcessEnv, { signal }: Toolchain): Promise<void> {
  const fix = `Install Go ${needed} or later, or let KEELSON_SOURCES include "download"`;
  const found = await execute("go", ["env", "GOVERSION"], { env, signal }).catch((cause: unknown) => {
    if (KeelsonError.is(cause) && cause.code === "KEELSON_ABORTED") throw cause;
    throw new KeelsonError("KEELSON_TOOL_MISSING", `Cannot build from source: Go is not installed`, {
      fix,
      cause,
    });
  });
  const version = found.stdout.trim().replace(/^go/, "");
  if (isAtLeast(version, needed)) return;
  const message = `Cannot build from source: Go is "${version}", needed is "${needed}"`;
  throw new KeelsonError("KEELSON_TOOL_MISSING", message, { fix });
}

/** Compares versions by their numbers; what follows them (`rc1`, `-dispatcher`) does not count. */
export function isAtLeast(version: string, needed: string): boolean {
  const [left, right] = [version, needed].map((text) =>
    (/\d+(\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number),
  );
  for (let index = 0; index < 3; index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

async function requireSpace(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const { bavail, bsize } = await statfs(cache);
  const free = bavail * bsize;
  if (free >= wantedSpace) return;
  const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  throw new KeelsonError(
    "KEELSON_DISK_FULL",
    `Cannot build in "${cache}": ${gib(free)} are free, needed are ${gib(wantedSpace)}`,
  );
}

function buildLock({ cache }: Pick<Toolchain, "cache">): string {
  return join(cache, "locks", "build.lock");
}

function buildCache(cache: string): string {
  return join(cache, "build");
}
