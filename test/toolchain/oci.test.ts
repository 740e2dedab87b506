import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { composeImage, writeArchive, writeLayer } from "../../toolchain/oci.ts";
import type { Image } from "../../toolchain/oci.ts";
import { sha256 } from "./support/file-server.ts";

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

describe("OCI archives", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "keelson-oci-"));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  async function image(content: string): Promise<Image> {
    const program = join(directory, "program");
    await writeFile(program, content);
    const layer = await writeLayer(
      [
        { kind: "directory", path: "bin" },
        { kind: "file", path: "bin/program", from: program, size: content.length, mode: 0o755 },
        { kind: "link", path: "bin/sh", target: "program" },
        { kind: "bytes", path: "etc-note", content: Buffer.from("note") },
      ],
      join(directory, `${content}.layer`),
    );
    return composeImage([layer], { Entrypoint: ["/bin/program"], User: "1:1" }, "amd64");
  }

  it("names each image and holds every blob that a manifest mentions, under its digest", async () => {
    const archive = join(directory, "images.tar");
    await writeArchive(
      { "registry.example/b:2": await image("two"), "registry.example/a:1": await image("one") },
      archive,
    );
    const root = join(directory, "unpacked");
    execFileSync("mkdir", [root]);
    execFileSync("tar", ["-xf", archive, "-C", root]);

    const json = async <T>(path: string): Promise<T> =>
      JSON.parse(await readFile(join(root, path), "utf8")) as T;
    const blob = (digest: string): string => `blobs/sha256/${digest.replace("sha256:", "")}`;
    assert.deepEqual(await json("oci-layout"), { imageLayoutVersion: "1.0.0" });
    const { manifests } = await json<{ manifests: Descriptor[] }>("index.json");
    const names = manifests.map(({ annotations }) => annotations?.["io.containerd.image.name"]);
    assert.deepEqual(names, ["registry.example/a:1", "registry.example/b:2"]);

    const mentioned = new Set<string>();
    for (const { digest } of manifests) {
      const { config, layers } = await json<{ config: Descriptor; layers: Descriptor[] }>(blob(digest));
      const { rootfs } = await json<{ rootfs: { diff_ids: string[] } }>(blob(config.digest));
      for (const part of [{ digest }, config, ...layers]) {
        mentioned.add(part.digest);
        assert.equal(`sha256:${sha256(await readFile(join(root, blob(part.digest))))}`, part.digest);
      }
      for (const [index, layer] of layers.entries()) {
        assert.equal((await stat(join(root, blob(layer.digest)))).size, layer.size);
        const plain = zstdDecompressSync(await readFile(join(root, blob(layer.digest))));
        assert.equal(`sha256:${sha256(plain)}`, rootfs.diff_ids[index]);
      }
    }
    assert.equal((await readdir(join(root, "blobs/sha256"))).length, mentioned.size);
  });

  it("unpacks to the files that went in", async () => {
    const { layers } = await image("program text");
    const from = layers[0]!.from as { path: string };
    const plain = join(directory, "layer.tar");
    await writeFile(plain, zstdDecompressSync(await readFile(from.path)));
    const listing = execFileSync("tar", ["-tvf", plain, "--numeric-owner", "--full-time", "--utc"], {
      encoding: "utf8",
    });
    const lines = listing
      .trim()
      .split("\n")
      .map((line) => line.replace(/\s+/g, " "));
    assert.deepEqual(lines, [
      "drwxr-xr-x 0/0 0 1970-01-01 00:00:00 bin/",
      "-rwxr-xr-x 0/0 12 1970-01-01 00:00:00 bin/program",
      "lrwxrwxrwx 0/0 0 1970-01-01 00:00:00 bin/sh -> program",
      "-rw-r--r-- 0/0 4 1970-01-01 00:00:00 etc-note",
    ]);
  });

  it("are the same bytes for the same images, in whatever order they are given", async () => {
    const [first, second] = [join(directory, "first.tar"), join(directory, "second.tar")];
    const [one, two] = [await image("one"), await image("two")];
    await writeArchive({ "r/one:1": one, "r/two:1": two }, first);
    await writeArchive({ "r/two:1": await image("two"), "r/one:1": await image("one") }, second);
    assert.equal(sha256(await readFile(first)), sha256(await readFile(second)));
  });

  it("keep a blob that images share once", async () => {
    const shared = await image("same");
    const archive = join(directory, "images.tar");
    await writeArchive({ "r/a:1": shared, "r/b:1": shared }, archive);
    const names = execFileSync("tar", ["-tf", archive], { encoding: "utf8" }).trim().split("\n");
    assert.equal(names.filter((name) => /^blobs\/sha256\/./.test(name)).length, 3);
  });

  it("refuse a file that changed its length since it was described", async () => {
    const program = join(directory, "program");
    await writeFile(program, "short");
    const entries = [{ kind: "file", path: "program", from: program, size: 500 }] as const;
    await assert.rejects(writeLayer(entries, join(directory, "layer")), /it has 5 bytes, not 500/);
  });

  it("keep long paths, and refuse those that the format has no room for", async () => {
    const long = `${"folder/".repeat(20)}file`;
    const entries = [{ kind: "bytes", path: long, content: Buffer.from("x") }] as const;
    const layer = await writeLayer(entries, join(directory, "layer"));
    await writeFile(
      join(directory, "layer.tar"),
      zstdDecompressSync(await readFile((layer.from as { path: string }).path)),
    );
    const listing = execFileSync("tar", ["-tf", join(directory, "layer.tar")], { encoding: "utf8" });
    assert.equal(listing.trim(), long);
    const tooLong = [{ kind: "bytes", path: "x".repeat(200), content: Buffer.from("x") }] as const;
    await assert.rejects(writeLayer(tooLong, join(directory, "layer")), /its name is too long/);
  });
});
