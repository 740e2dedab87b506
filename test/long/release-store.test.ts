import assert from "node:assert/strict";
import { openReleaseStore } from "../../delivery/index.ts";
import { type Bucket, s3Blobs } from "../../delivery/store/s3-blobs.ts";
import { blobsContract } from "../contracts/blobs.ts";
import { describeLong } from "../support/long.ts";
import { configMap, secret } from "../support/objects.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

const key = "0f".repeat(32);

describeLong("The release store in a bucket of a real S3 server", () => {
  let server: S3Server;
  let count = 0;

  before(async function () {
    this.timeout(600_000);
    server = await startS3Server();
  });

  after(async () => {
    await server.stop();
  });

  const newBucket = (): Promise<Bucket> => {
    count += 1;
    return server.makeBucket(`releases-${count}`);
  };

  describe("without a prefix", () => {
    blobsContract(async () => s3Blobs(await newBucket()));
  });

  describe("with a prefix", () => {
    blobsContract(async () => s3Blobs({ ...(await newBucket()), prefix: "team/a" }));
  });

  it("keeps releases and records, and opens only with its key", async () => {
    const { name, accessKeyId, secretAccessKey } = await newBucket();
    const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const reference = `s3://${name}/team?region=${server.region}&endpoint=${server.endpoint}`;
    const store = await openReleaseStore({ reference, key, env });

    const digest = await store.put([configMap("settings"), secret("token", { password: "hidden" })]);
    await store.writeRecord("apps/shop", { version: 1 });

    const again = await openReleaseStore({ reference, key, env });
    assert.equal((await again.get(digest)).length, 2);
    assert.deepEqual(await again.readRecord("apps/shop"), { version: 1 });
    assert.deepEqual(await again.collect({ used: new Set() }), { kept: 1, removed: [] });
    const later = new Date(Date.now() + 40 * 24 * 60 * 60 * 1000);
    assert.deepEqual(await again.collect({ used: new Set(), now: later }), { kept: 0, removed: [digest] });
    await assert.rejects(openReleaseStore({ reference, key: "0e".repeat(32), env }), {
      code: "KEELSON_RELEASE_UNREADABLE",
    });
  });

  it("lists more names than fit on a page", async () => {
    const blobs = s3Blobs(await newBucket());
    const names = Array.from({ length: 1200 }, (_, index) => `releases/${String(index).padStart(5, "0")}`);
    for (let at = 0; at < names.length; at += 40) {
      await Promise.all(names.slice(at, at + 40).map((name) => blobs.write(name, Buffer.from(name))));
    }

    const listed = await blobs.list("releases/");

    assert.deepEqual(listed.map(({ name }) => name).sort(), names);
  }).timeout(120_000);

  it("refuses who has another secret, and names a bucket that is not there", async () => {
    const bucket = await newBucket();

    await assert.rejects(s3Blobs({ ...bucket, secretAccessKey: "another" }).read("name"), {
      code: "KEELSON_STORE_UNAVAILABLE",
      message: /SignatureDoesNotMatch/,
    });
    await assert.rejects(s3Blobs({ ...bucket, name: "no-such-bucket" }).list(""), {
      code: "KEELSON_STORE_UNAVAILABLE",
      message: /NoSuchBucket/,
    });
  });
});
