import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import type { ErrorCode } from "../../errors.ts";
import { buildFromSource, clearBuildCache } from "../../toolchain/go-build.ts";
import { containerd, etcd, runc } from "../../toolchain/host-programs.ts";
import { settings } from "../../toolchain/settings.ts";
import type { Toolchain } from "../../toolchain/settings.ts";

describe("buildFromSource", () => {
  const artifact = etcd("3.6.6");
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "keelson-build-"));
    await mkdir(join(directory, "bin"));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  /** A toolchain whose Go is a shell script; every call's arguments and environment go to `calls`. */
  async function withGo(script: string, env: NodeJS.ProcessEnv = {}): Promise<Toolchain> {
    const text = `#!/bin/sh
echo "$PWD|$CGO_ENABLED|$GOTOOLCHAIN|$GOMODCACHE|$GOFLAGS|$*" >>${directory}/calls
[ "$1" = env ] && echo "\${VERSION:-go1.26.8}" && exit
${script}`;
    await writeFile(join(directory, "bin/go"), text, { mode: 0o755 });
    const PATH = `${join(directory, "bin")}:/usr/bin:/bin`;
    return settings({ cache: join(directory, "cache"), env: { PATH, ...env } });
  }

  it("builds in the artifact's module with its flags and caches of its own", async () => {
    const toolchain = await withGo(":", { GOFLAGS: "-buildvcs=false" });
    await buildFromSource(artifact, join(directory, "out"), toolchain);
    const calls = (await readFile(join(directory, "calls"), "utf8")).trim().split("\n");
    assert.equal(calls.length, 4);
    const [folder, c, chain, modules, flags, command] = calls[1]?.split("|") ?? [];
    assert.match(folder ?? "", /toolchain\/modules\/etcd\/3\.6\.6$/);
    assert.deepEqual([c, chain], ["0", "local"]);
    assert.equal(modules, join(directory, "cache/build/modules"));
    assert.equal(flags, "-buildvcs=false -modcacherw");
    assert.match(
      command ?? "",
      /^build -mod=readonly -trimpath -p=2 .*\/out\/etcd go.etcd.io\/etcd\/server\/v3$/,
    );
  });

  it("builds programs that are named after their packages with one command", async () => {
    const toolchain = await withGo(":");
    await buildFromSource(containerd(), join(directory, "out"), toolchain);
    const calls = (await readFile(join(directory, "calls"), "utf8")).trim().split("\n");
    assert.equal(calls.length, 2);
    assert.match(
      calls[1] ?? "",
      /\/out\/ \S+\/cmd\/containerd \S+\/cmd\/ctr \S+\/cmd\/containerd-shim-runc-v2$/,
    );
  });

  it("uses the machine's own caches when told to, and never removes them", async () => {
    const toolchain = await withGo(":", {
      KEELSON_BUILD_CACHE: "shared",
      GOMODCACHE: join(directory, "mine"),
    });
    await mkdir(join(directory, "mine"));
    await buildFromSource(artifact, join(directory, "out"), toolchain);
    await clearBuildCache(toolchain);
    assert.match(await readFile(join(directory, "calls"), "utf8"), /\/mine\|\|build /);
    await rm(join(directory, "mine"), { recursive: true });
  });

  it("removes its own caches afterwards", async () => {
    const toolchain = await withGo("mkdir -p $GOMODCACHE/x");
    await buildFromSource(artifact, join(directory, "out"), toolchain);
    await clearBuildCache(toolchain);
    await assert.rejects(readFile(join(directory, "cache/build/modules/x")), { code: "ENOENT" });
  });

  it("carries the end of the log, and names it, when a build fails", async () => {
    const toolchain = await withGo("seq 1 40; echo 'undefined: widget' >&2; exit 2");
    const error = await failure(
      buildFromSource(artifact, join(directory, "out"), toolchain),
      "KEELSON_BUILD_FAILED",
    );
    assert.match(error.message, /^Cannot build etcd 3.6.6: go ended with exit code 2\n/);
    assert.match(error.message, /40\nundefined: widget$/);
    assert.ok(!error.message.includes("\n20\n"));
    const log = /"(.*)"/.exec(error.fix)?.[1] ?? "";
    assert.match(await readFile(log, "utf8"), /^1\n2\n/);
  });

  it("says which Go is needed when there is an older one or none", async () => {
    const old = await withGo(":", { VERSION: "go1.20.1" });
    const expected = /Cannot build from source: Go is "1.20.1", needed is "1.24"/;
    const attempt = buildFromSource(artifact, join(directory, "out"), old);
    assert.match((await failure(attempt, "KEELSON_TOOL_MISSING")).message, expected);
    const none = settings({ cache: join(directory, "cache"), env: { PATH: join(directory, "nothing") } });
    const second = buildFromSource(artifact, join(directory, "out"), none);
    assert.match((await failure(second, "KEELSON_TOOL_MISSING")).message, /Go is not installed$/);
  });

  it("links C statically, where the program needs it", async () => {
    const toolchain = await withGo(":");
    const needsNoPackage = { ...runc(), build: { ...runc().build, c: [] } };
    await buildFromSource(needsNoPackage, join(directory, "out"), toolchain);
    const call = (await readFile(join(directory, "calls"), "utf8")).trim().split("\n").at(-1) ?? "";
    assert.equal(call.split("|")[1], "1");
    assert.match(call, /-extldflags -static/);
  });

  it("ends the build, and what it started, when the run is cancelled", async () => {
    const controller = new AbortController();
    const toolchain = await withGo(`echo $$ >${directory}/pid; exec sleep 600`);
    const running = buildFromSource(artifact, join(directory, "out"), {
      ...toolchain,
      signal: controller.signal,
    });
    const started = async (): Promise<number> => {
      for (;;) {
        const text = await readFile(join(directory, "pid"), "utf8").catch(() => "");
        if (text.endsWith("\n")) return Number(text);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const pid = await started();
    controller.abort();
    await failure(running, "KEELSON_ABORTED");
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  });

  async function failure(attempt: Promise<unknown>, code: ErrorCode): Promise<KeelsonError> {
    const error: unknown = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(KeelsonError.is(error), String(error));
    assert.equal(error.code, code);
    return error;
  }
});
