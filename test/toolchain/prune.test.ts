import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import { withLock } from "../../toolchain/lock.ts";
import { pruneCache } from "../../toolchain/prune.ts";
import { bundleFolder } from "../../toolchain/resolve-bundle.ts";
import { artifactFolder } from "../../toolchain/resolve.ts";
import { staleArtifacts } from "../../toolchain/stale.ts";
import { toolArtifact } from "../../toolchain/tools.ts";
import { defaultKubernetes, releaseOf } from "../../toolchain/versions.ts";

describe("pruning the cache", () => {
  let cache: string;

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), "keelson-prune-"));
  });
  afterEach(async () => {
    await rm(cache, { recursive: true });
  });

  async function put(path: string, content = "content"): Promise<string> {
    await mkdir(dirname(join(cache, path)), { recursive: true });
    await writeFile(join(cache, path), content);
    return path;
  }

  async function stale(): Promise<readonly string[]> {
    return (await staleArtifacts(cache)).map((path) => path.slice(cache.length + 1)).toSorted();
  }

  it("names what earlier recipes and killed runs left", async () => {
    await put("artifacts/etcd/3.5.1-linux-amd64-0123456789ab/etcd");
    await put("artifacts/etcd/3.5.1-linux-amd64-0123456789ab.tmp/etcd");
    await put("artifacts/base-layer/0123456789ab/layer.tar.zst");
    await put("bundles/1.35.4-0123456789ab/bundle.json");
    await put("images/demo-0123456789ab.tar");
    await put("images/demo-0123456789ab.tar.json");
    await put("pulumi/0123456789ab/pulumi");

    assert.deepEqual(await stale(), [
      "artifacts/base-layer/0123456789ab",
      "artifacts/etcd/3.5.1-linux-amd64-0123456789ab",
      "artifacts/etcd/3.5.1-linux-amd64-0123456789ab.tmp",
      "bundles/1.35.4-0123456789ab",
      "images/demo-0123456789ab.tar",
      "images/demo-0123456789ab.tar.json",
      "pulumi/0123456789ab",
    ]);
  });

  it("keeps what this version uses, and tools that lie beside each other for it", async () => {
    const bundle = await bundleFolder(releaseOf(defaultKubernetes));
    const engine = await artifactFolder(toolArtifact("pulumi"));
    await put(`bundles/${bundle}/bundle.json`);
    await put(`bundles/${bundle}/images/extra/demo-0123456789ab.tar`);
    await put(`artifacts/${engine}/pulumi`, "engine");
    await put("pulumi/0123456789ab/pulumi", "engine");

    assert.deepEqual(await stale(), [`bundles/${bundle}/images/extra/demo-0123456789ab.tar`]);
  });

  it("leaves alone what is not keelson's, and needs no cache", async () => {
    assert.deepEqual(await stale(), []);

    await put("bundles/mine/file");
    await put("artifacts/etcd/notes.txt");
    await put("logs/etcd-3.5.1.log");
    await put("verified.json");

    assert.deepEqual(await stale(), []);
  });

  it("removes what it is given, and tells name and size", async () => {
    await put("bundles/old/bin/kubelet", "12345");
    await put("bundles/old/bundle.json", "{}");
    await put("bundles/new/bundle.json");

    const paths = [join(cache, "bundles/old")];
    assert.deepEqual(await pruneCache(paths, { cache, dryRun: true }), [{ name: "bundles/old", size: 7 }]);
    assert.ok(existsSync(join(cache, "bundles/old/bin/kubelet")));

    assert.deepEqual(await pruneCache(paths, { cache }), [{ name: "bundles/old", size: 7 }]);
    assert.ok(!existsSync(join(cache, "bundles/old")));
    assert.ok(existsSync(join(cache, "bundles/new/bundle.json")));
  });

  for (const lock of ["locks/etcd-3.5.1.lock", "roots/0123456789abcdef.lock"]) {
    it(`removes nothing while a living run holds ${lock}`, async () => {
      await put("bundles/old/bundle.json");
      const prune = (): Promise<unknown> => pruneCache([join(cache, "bundles/old")], { cache });

      await withLock(join(cache, lock), "prepare etcd", async () => {
        await assert.rejects(prune(), (error: unknown) => {
          assert.ok(KeelsonError.is(error));
          assert.equal(error.code, "KEELSON_LOCKED");
          assert.match(error.message, new RegExp(`process ${process.pid} on .* \\(prepare etcd\\)`));
          return true;
        });
      });

      assert.ok(existsSync(join(cache, "bundles/old/bundle.json")));
      await prune();
      assert.ok(!existsSync(join(cache, "bundles/old")));
    });
  }

  it("does not wait for a run that was killed", async () => {
    const lockFile = JSON.stringify(join(cache, "locks/bundles.lock"));
    const module = JSON.stringify(new URL("../../toolchain/lock.ts", import.meta.url).href);
    const script = `import { withLock } from ${module};
      await withLock(${lockFile}, "prepare", async () => { console.log("held"); await new Promise(() => setInterval(() => 0, 1000)); });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    await put("bundles/old/bundle.json");

    await pruneCache([join(cache, "bundles/old")], { cache });

    assert.ok(!existsSync(join(cache, "bundles/old")));
  });
});
