import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianReleases } from "../../../machines/nspawn/debian-sources.ts";
import { packagesDigest } from "../../../machines/nspawn/package-archive.ts";
import { rootDigest } from "../../../machines/nspawn/root-image.ts";
import { staleImages } from "../../../machines/nspawn/stale-images.ts";
import { skipBecause } from "../../support/skip.ts";

describe("staleImages", () => {
  let cache: string;

  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), "keelson-roots-"));
  });
  afterEach(async () => {
    await rm(cache, { recursive: true });
  });

  async function make(...paths: readonly string[]): Promise<void> {
    for (const path of paths) await mkdir(join(cache, path), { recursive: true });
  }

  it("names images of other versions and half-made ones, and nothing else", async () => {
    const wanted = debianReleases.flatMap((release) => [
      `roots/${rootDigest(release)}/root`,
      `packages/${packagesDigest(release)}`,
    ]);
    await make(...wanted, "roots/mine");
    await make(
      "roots/0123456789abcdef/root",
      "roots/0123456789abcdef.77.partial",
      "packages/0123456789abcdef",
    );
    await writeFile(join(cache, "roots/0123456789abcdef.lock"), "");

    assert.deepEqual(await staleImages(cache), [
      join(cache, "roots/0123456789abcdef"),
      join(cache, "roots/0123456789abcdef.77.partial"),
      join(cache, "packages/0123456789abcdef"),
    ]);
  });

  it("spares an image that a living process works with", async function () {
    if (process.platform !== "linux") skipBecause(this, "processes are listed on Linux only");
    await make("roots/0123456789abcdef/root", "roots/fedcba9876543210/root");
    const lower = join(cache, "roots/0123456789abcdef/root");
    const machine = spawn("sh", ["-c", "echo up; read line", "supervise", lower], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(machine.stdout, "data");

    assert.deepEqual(await staleImages(cache), [join(cache, "roots/fedcba9876543210")]);

    machine.stdin.end();
    await once(machine, "exit");
    assert.equal((await staleImages(cache)).length, 2);
  });

  it("needs no cache", async () => {
    assert.deepEqual(await staleImages(join(cache, "nowhere")), []);
  });
});
