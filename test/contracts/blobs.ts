import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Blobs } from "../../delivery/store/blobs.ts";

/** What every place for named data does. Call it inside a `describe`; each test begins with an empty place. */
export function blobsContract(make: () => Promise<Blobs>): void {
  let blobs: Blobs;

  beforeEach(async () => {
    blobs = await make();
  });

  it("gives back what was kept, byte by byte, and nothing for a name that is not there", async () => {
    const data = randomBytes(300_000);

    await blobs.write("releases/one.json.gz", data);

    assert.ok((await blobs.read("releases/one.json.gz"))?.equals(data));
    assert.equal(await blobs.read("releases/two.json.gz"), undefined);
    assert.equal(await blobs.read("elsewhere/one"), undefined);
  });

  it("keeps nothing as something", async () => {
    await blobs.write("empty", Buffer.alloc(0));

    assert.equal((await blobs.read("empty"))?.length, 0);
  });

  it("overwrites, unless only what is absent is to be written", async () => {
    await blobs.write("name", Buffer.from("first"));
    await blobs.write("name", Buffer.from("second"));
    await blobs.write("name", Buffer.from("third"), { ifAbsent: true });
    await blobs.write("other", Buffer.from("fourth"), { ifAbsent: true });

    assert.equal(String(await blobs.read("name")), "second");
    assert.equal(String(await blobs.read("other")), "fourth");
  });

  it("knows when something was written", async () => {
    const before = Date.now();
    await blobs.write("name", Buffer.from("text"));

    const written = (await blobs.writtenAt("name"))?.getTime() ?? 0;

    // Servers count in seconds.
    assert.ok(written >= before - 2000 && written <= Date.now() + 2000, String(written - before));
    assert.equal(await blobs.writtenAt("other"), undefined);
  });

  it("lists the names that begin so, in whatever folder, and no others", async () => {
    const names = ["records/apps/shop", "records/clusters/eu-1", "releases/one", "releases/two"];
    for (const name of names) await blobs.write(name, Buffer.from(name));

    const listed = async (prefix: string): Promise<readonly string[]> =>
      (await blobs.list(prefix)).map(({ name }) => name).sort();

    assert.deepEqual(await listed(""), names);
    assert.deepEqual(await listed("releases/"), names.slice(2));
    assert.deepEqual(await listed("records/c"), names.slice(1, 2));
    assert.deepEqual(await listed("nothing/"), []);
    const [first] = await blobs.list("releases/one");
    assert.ok(Math.abs((first?.writtenAt.getTime() ?? 0) - Date.now()) < 60_000);
  });

  it("forgets a name, also twice", async () => {
    await blobs.write("name", Buffer.from("text"));

    await blobs.remove("name");
    await blobs.remove("name");

    assert.equal(await blobs.read("name"), undefined);
    assert.deepEqual(await blobs.list(""), []);
  });

  it("keeps the data of one of several writers, not a mixture", async () => {
    const texts = Array.from({ length: 12 }, (_, index) => String(index).repeat(50_000));

    await Promise.all(texts.map((text) => blobs.write("name", Buffer.from(text))));

    assert.ok(texts.includes(String(await blobs.read("name"))));
    assert.equal((await blobs.list("")).length, 1);
  });

  it("does nothing after an abort", async () => {
    const signal = AbortSignal.abort();

    await assert.rejects(blobs.write("name", Buffer.from("text"), { signal }), { code: "KEELSON_ABORTED" });
    await assert.rejects(blobs.read("name", { signal }), { code: "KEELSON_ABORTED" });
    assert.equal(await blobs.read("name"), undefined);
  });
}
