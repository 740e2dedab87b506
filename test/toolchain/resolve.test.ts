import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import type { ErrorCode } from "../../errors.ts";
import { downloadOfficial } from "../../toolchain/official.ts";
import { resolveArtifact } from "../../toolchain/resolve.ts";
import type { Makers } from "../../toolchain/resolve.ts";
import { settings } from "../../toolchain/settings.ts";
import type { Toolchain, ToolchainOptions } from "../../toolchain/settings.ts";
import { kubectl, toolArtifact } from "../../toolchain/tools.ts";
import { FileServer, sha256 } from "./support/file-server.ts";

describe("resolveArtifact", () => {
  const server = new FileServer();
  const artifact = kubectl("1.35.4");
  const { os, arch } = artifact.target;
  const official = `/release/v1.35.4/bin/${os}/${arch}/kubectl`;
  let directory: string;
  let builds: number;
  let progress: string[];

  before(async () => {
    await server.start();
  });
  after(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "keelson-resolve-"));
    server.files.clear();
    server.requests.length = 0;
    builds = 0;
    progress = [];
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  /** Real downloads; a build takes no time. */
  const makers: Makers = {
    download: downloadOfficial,
    build: async ({ files }, output) => {
      builds += 1;
      for (const file of files) await writeFile(join(output, file), `built ${file}`);
    },
  };

  function toolchain(options: ToolchainOptions = {}): Toolchain {
    const places = { kubernetes: server.url, github: server.url, pulumi: server.url };
    const onProgress = (line: string): void => void progress.push(line);
    return settings({ cache: join(directory, "cache"), places, env: {}, onProgress, ...options });
  }

  function publish(content: string, sum = sha256(content)): void {
    server.files.set(official, content);
    server.files.set(`${official}.sha256`, sum);
  }

  it("downloads single files with their published checksum", async () => {
    publish("official kubectl");
    const resolved = await resolveArtifact(artifact, toolchain(), makers);
    assert.equal(resolved.source, "download");
    assert.equal(await readFile(join(resolved.directory, "kubectl"), "utf8"), "official kubectl");
    assert.equal((await stat(join(resolved.directory, "kubectl"))).mode & 0o777, 0o755);
  });

  it("downloads an archive and takes its members", async () => {
    await mkdir(join(directory, "pulumi"));
    await writeFile(join(directory, "pulumi/pulumi"), "official engine");
    await writeFile(join(directory, "pulumi/other"), "x");
    execFileSync("tar", ["-czf", join(directory, "archive.tgz"), "-C", directory, "pulumi"]);
    const archive = await readFile(join(directory, "archive.tgz"));
    const engine = toolArtifact("pulumi");
    const processor = engine.target.arch === "amd64" ? "x64" : "arm64";
    const file = `pulumi-v${engine.version}-${engine.target.os}-${processor}.tar.gz`;
    server.files.set(`/releases/sdk/${file}`, archive);
    const list = `${sha256("other")}  other.tar.gz\n${sha256(archive)}  ${file}\n`;
    server.files.set(`/releases/sdk/pulumi-${engine.version}-checksums.txt`, list);
    const resolved = await resolveArtifact(engine, toolchain(), makers);
    assert.equal(await readFile(join(resolved.directory, "pulumi"), "utf8"), "official engine");
    assert.deepEqual(Object.keys(resolved.files), ["pulumi"]);
  });

  it("asks no network when the cache has it", async () => {
    publish("official kubectl");
    await resolveArtifact(artifact, toolchain(), makers);
    server.requests.length = 0;
    const resolved = await resolveArtifact(artifact, toolchain(), makers);
    assert.equal(resolved.isCached, true);
    assert.equal(resolved.source, "download");
    assert.deepEqual(server.requests, []);
  });

  it("builds what is not published, and says so", async () => {
    const resolved = await resolveArtifact(artifact, toolchain(), makers);
    assert.equal(resolved.source, "build");
    assert.match(progress.join("\n"), /the server answered 404; kubectl is built instead/);
  });

  it("does not build around a wrong checksum", async () => {
    publish("changed kubectl", sha256("official kubectl"));
    await rejectsWith(
      resolveArtifact(artifact, toolchain(), makers),
      "KEELSON_CHECKSUM_MISMATCH",
      /Cannot use "http/,
    );
    assert.equal(builds, 0);
  });

  it("fails when the place is silent and a build is not allowed", async () => {
    const only = toolchain({ sources: ["cache", "download"] });
    await rejectsWith(resolveArtifact(artifact, only, makers), "KEELSON_DOWNLOAD_FAILED", /404/);
  });

  it("names the sources that are allowed when none has it", async () => {
    const only = toolchain({ sources: ["path", "cache"] });
    const expected = /Cannot prepare kubectl 1.35.4: none of the allowed sources "path,cache" has it/;
    await rejectsWith(resolveArtifact(artifact, only, makers), "KEELSON_ARTIFACT_UNAVAILABLE", expected);
  });

  it("makes a file anew that was changed, cut short or removed", async () => {
    const { directory: made } = await resolveArtifact(artifact, toolchain(), makers);
    const file = join(made, "kubectl");
    const damages = [
      () => appendFile(file, "more"),
      () => truncate(file, 3),
      () => rm(file),
      () => writeFile(file, "forge kubectl"),
    ];
    for (const damage of damages) {
      await damage();
      await resolveArtifact(artifact, toolchain(), makers);
      assert.equal(await readFile(file, "utf8"), "built kubectl");
    }
    assert.equal(builds, 1 + damages.length);
  });

  it("notices a change that kept size and modification time", async () => {
    const { directory: made } = await resolveArtifact(artifact, toolchain(), makers);
    const file = join(made, "kubectl");
    const { atime, mtime } = await stat(file);
    await writeFile(file, "Built kubectl");
    await utimes(file, atime, mtime);
    await resolveArtifact(artifact, toolchain(), makers);
    assert.equal(await readFile(file, "utf8"), "built kubectl");
  });

  it("leaves nothing in the cache when a build fails, and builds at the next run", async () => {
    const failing: Makers = {
      ...makers,
      build: async (_artifact, output) => {
        await writeFile(join(output, "kubectl"), "half");
        throw new KeelsonError("KEELSON_BUILD_FAILED", "Cannot build kubectl: no");
      },
    };
    await rejectsWith(resolveArtifact(artifact, toolchain(), failing), "KEELSON_BUILD_FAILED", /no/);
    const resolved = await resolveArtifact(artifact, toolchain(), makers);
    assert.equal(await readFile(join(resolved.directory, "kubectl"), "utf8"), "built kubectl");
  });

  it("makes an artifact once for two that want it at the same time", async () => {
    await Promise.all([1, 2].map(async () => resolveArtifact(artifact, toolchain(), makers)));
    assert.equal(builds, 1);
  });

  describe("on the PATH", () => {
    async function install(version: string): Promise<string> {
      const bin = join(directory, `bin-${version}`);
      await mkdir(bin);
      await writeFile(join(bin, "pulumi"), `#!/bin/sh\necho v${version}\n`, { mode: 0o755 });
      return bin;
    }

    it("takes a tool whose version fits", async () => {
      const engine = toolArtifact("pulumi");
      const bin = await install("3.999.1");
      const resolved = await resolveArtifact(engine, toolchain({ env: { PATH: bin } }), makers);
      assert.deepEqual([resolved.source, resolved.version, resolved.directory], ["path", "3.999.1", bin]);
    });

    it("passes over an old tool and one of another major version", async () => {
      const folders = [await install("3.1.0"), await install("4.0.0")];
      const only = toolchain({ env: { PATH: folders.join(":") } });
      const resolved = await resolveArtifact(toolArtifact("pulumi"), only, makers);
      assert.equal(resolved.source, "build");
      assert.match(
        progress.join("\n"),
        /Passing over ".*bin-3.1.0\/pulumi": its version is "3.1.0", needed is 3\./,
      );
    });

    it("is not looked at when it is not allowed", async () => {
      const bin = await install("3.999.1");
      const only = toolchain({ env: { PATH: bin }, sources: ["build"] });
      assert.equal((await resolveArtifact(toolArtifact("pulumi"), only, makers)).source, "build");
    });
  });

  async function rejectsWith(attempt: Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
    await assert.rejects(attempt, (error) => {
      assert.ok(KeelsonError.is(error), String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  }
});
