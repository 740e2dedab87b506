import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskBlobs } from "../../../delivery/store/disk-blobs.ts";
import { blobsContract } from "../../contracts/blobs.ts";

describe("Blobs in a folder", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-blobs-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  blobsContract(async () => Promise.resolve(diskBlobs(join(folder, "store"))));

  it("lets nobody but the owner read them, and leaves no unfinished files", async () => {
    await diskBlobs(join(folder, "store")).write("records/one", Buffer.from("text"));

    for (const [path, mode] of [
      ["store", 0o700],
      ["store/records", 0o700],
      ["store/records/one", 0o600],
    ] as const) {
      assert.equal((await stat(join(folder, path))).mode & 0o777, mode, path);
    }
    assert.deepEqual(await readdir(join(folder, "store/records")), ["one"]);
  });

  it("says what is in the way", async () => {
    await writeFile(join(folder, "store"), "");

    const writing = diskBlobs(join(folder, "store")).write("records/one", Buffer.from("text"));

    await assert.rejects(writing, {
      code: "KEELSON_STORE_UNAVAILABLE",
      message: /records\/one.*EEXIST|ENOTDIR/,
    });
  });
});
