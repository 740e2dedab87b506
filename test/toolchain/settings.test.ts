import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { delimiter } from "node:path";
import fc from "fast-check";
import { pulumiEnvironment } from "../../toolchain/environment.ts";
import { isAtLeast } from "../../toolchain/go-build.ts";
import { moduleDirectory, recipeDigest } from "../../toolchain/go-module.ts";
import { etcd } from "../../toolchain/host-programs.ts";
import { imageRecipes } from "../../toolchain/image-recipes.ts";
import { checksumIn } from "../../toolchain/official.ts";
import { cacheDirectory, settings } from "../../toolchain/settings.ts";
import { toolArtifact, tools } from "../../toolchain/tools.ts";
import { kubernetesVersions, releaseOf } from "../../toolchain/versions.ts";

describe("settings", () => {
  it("find the cache by KEELSON_CACHE, the XDG folder, then the home folder", () => {
    assert.equal(cacheDirectory({ KEELSON_CACHE: "/a", XDG_CACHE_HOME: "/b", HOME: "/c" }), "/a");
    assert.equal(cacheDirectory({ XDG_CACHE_HOME: "/b", HOME: "/c" }), "/b/keelson");
    assert.equal(cacheDirectory({ HOME: "/c" }), "/c/.cache/keelson");
  });

  it("read the allowed sources, which keep their order", () => {
    assert.deepEqual(settings({ env: { KEELSON_SOURCES: "build, cache" } }).sources, ["cache", "build"]);
    assert.deepEqual(settings({ env: {} }).sources, ["path", "cache", "download", "build"]);
    assert.throws(() => settings({ env: { KEELSON_SOURCES: "cache,magic" } }), /"magic" is none of "path"/);
  });
});

describe("checksumIn", () => {
  const sum = "a".repeat(64);

  it("reads lists and single checksums", () => {
    assert.equal(checksumIn(`${"b".repeat(64)}  other\n${sum}  file.tar.gz\n`, "file.tar.gz"), sum);
    assert.equal(checksumIn(`${sum} *dist/file`, "file"), sum);
    assert.equal(checksumIn(`${sum.toUpperCase()}\n`, "file"), sum);
  });

  it("finds none in a list of others, an error page or a shorter sum", () => {
    assert.equal(checksumIn(`${sum}  other`, "file"), undefined);
    assert.equal(checksumIn("<html>not found</html>", "file"), undefined);
    assert.equal(checksumIn("abc  file", "file"), undefined);
  });
});

describe("isAtLeast", () => {
  it("compares by numbers, not by letters", () => {
    assert.ok(isAtLeast("1.10.0", "1.9.9"));
    assert.ok(isAtLeast("1.26", "1.26.0"));
    assert.ok(!isAtLeast("1.26.7-rc1", "1.26.8"));
  });

  it("orders all versions", () => {
    const version = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50)).map((parts) => parts.join("."));
    fc.assert(
      fc.property(version, version, (left, right) => {
        assert.ok(isAtLeast(left, left));
        if (left !== right) assert.notEqual(isAtLeast(left, right), isAtLeast(right, left));
      }),
    );
  });
});

describe("recipes", () => {
  const artifacts = [
    ...tools.map(toolArtifact),
    ...kubernetesVersions.flatMap((version) =>
      imageRecipes(releaseOf(version)).map(({ artifact }) => artifact),
    ),
  ];

  it("each have a module that requires the version they name", async () => {
    const own = new Set(["pause", "demo", "example"]);
    for (const { name, version, build } of artifacts) {
      const files = await readdir(moduleDirectory(build.module));
      if (own.has(name)) continue;
      assert.ok(files.includes("go.mod") && files.includes("go.sum"), name);
      // Calico and the Kubernetes provider have no tag that a Go module of that version would have.
      if (name.startsWith("calico")) continue;
      assert.match(
        await readFile(`${moduleDirectory(build.module)}/go.mod`, "utf8"),
        new RegExp(` v${version}`),
        name,
      );
    }
  });

  it("change their digest with what they are made from", async () => {
    const artifact = etcd("3.6.6");
    const digest = await recipeDigest(artifact);
    assert.match(digest, /^[0-9a-f]{12}$/);
    assert.equal(await recipeDigest({ ...artifact, build: { ...artifact.build, minutes: 99 } }), digest);
    assert.notEqual(await recipeDigest({ ...artifact, build: { ...artifact.build, tags: ["x"] } }), digest);
    assert.notEqual(await recipeDigest({ ...artifact, files: ["etcd"] }), digest);
  });
});

describe("pulumiEnvironment", () => {
  it("puts this Node and the tools before the PATH and asks the network for nothing", () => {
    const env = pulumiEnvironment({
      tools: [{ directory: "/tools" }],
      home: "/home",
      env: { PATH: "/bin", KEEP: "1" },
    });
    const folders = env["PATH"]?.split(delimiter) ?? [];
    assert.deepEqual(folders.slice(1), ["/tools", "/bin"]);
    assert.equal(env["PULUMI_HOME"], "/home");
    assert.equal(env["PULUMI_SKIP_UPDATE_CHECK"], "true");
    assert.equal(env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"], "true");
    assert.equal(env["KEEP"], "1");
    assert.ok(!("PULUMI_BACKEND_URL" in env));
  });
});
