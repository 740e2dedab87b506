import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";

import fc from "fast-check";

import { findSecret } from "./secret-search.ts";

describe("findSecret()", () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${"k".repeat(30)}+/${"Z".repeat(32)}\nsecondLineOfTheKey0123\n-----END PRIVATE KEY-----\n`;
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "secret-search-"));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  const hidden: readonly (readonly [spelling: RegExp, secret: string, content: string | Buffer])[] = [
    [/^raw$/, "hunter2hunter2", "password=hunter2hunter2"],
    [/^raw$/, "hunter2hunter2", Buffer.from([0xff, 0x00, ...Buffer.from("hunter2hunter2"), 0xfe])],
    [/^JSON$/, 'quote"and\\slash', '{"a":"quote\\"and\\\\slash"}'],
    [/^JSON in JSON$/, "line one\nline two", JSON.stringify(JSON.stringify("line one\nline two"))],
    [/^URL$/, "p@ss word&more", "https://h/?p=p%40ss%20word%26more"],
    [/^hex$/, "hunter2hunter2", Buffer.from("hunter2hunter2").toString("hex")],
    [/^PEM line 2$/, pem, "journal: secondLineOfTheKey0123"],
  ];
  for (const [spelling, secret, content] of hidden) {
    it(`finds ${String(spelling)} of ${JSON.stringify(secret.slice(0, 20))}`, async () => {
      await mkdir(join(directory, "deep/er"), { recursive: true });
      await writeFile(join(directory, "deep/er/file"), content);

      const sightings = await findSecret(secret, [directory]);

      assert.ok(sightings.some((one) => one.path.endsWith("deep/er/file") && spelling.test(one.spelling)));
    });
  }

  it("finds base64 of the secret wherever it stands in the encoded text", async () => {
    const text = fc.string({ minLength: 0, maxLength: 12, unit: "binary" });
    const file = join(directory, "file");
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.string({ minLength: 12, maxLength: 60 }),
        text,
        async (before, secret, after) => {
          await writeFile(file, Buffer.from(before + secret + after).toString("base64"));

          assert.notDeepEqual(await findSecret(secret, [file]), []);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("finds a secret that lies across two reads of a large file", async () => {
    const file = join(directory, "large");
    await writeFile(file, `${"x".repeat(1024 * 1024 - 5)}hunter2hunter2${"x".repeat(100)}`);

    assert.equal((await findSecret("hunter2hunter2", [file])).length, 1);
  });

  it("looks into what is compressed, also if its end is missing", async () => {
    const packed = gzipSync(`hunter2hunter2\n${randomBytes(5000).toString("hex")}`);
    await writeFile(join(directory, "whole"), packed);
    await writeFile(join(directory, "cut"), packed.subarray(0, 3000));

    const sightings = await findSecret("hunter2hunter2", [directory]);
    assert.deepEqual(sightings.map(({ path }) => basename(path)).sort(), ["cut", "whole"]);
  });

  it("finds nothing where only the PEM's frame or other text stands", async () => {
    await writeFile(join(directory, "file"), "-----BEGIN PRIVATE KEY-----\nsomething else entirely");

    assert.deepEqual(await findSecret(pem, [directory]), []);
  });

  it("refuses a path that is not there and a secret too short to tell", async () => {
    await assert.rejects(findSecret("hunter2hunter2", [join(directory, "gone")]), { code: "ENOENT" });
    await assert.rejects(findSecret("short", [directory]), /it has 5 characters/);
  });
});
