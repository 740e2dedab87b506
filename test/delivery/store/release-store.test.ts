import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import type { ReleaseStore } from "../../../delivery/store/release-store.ts";
import { openReleaseStore, referenceProblem } from "../../../delivery/store/open-store.ts";
import { configMap, deployment, secret } from "../../support/objects.ts";
import { findSecret } from "../../support/secret-search.ts";

const key = "0f".repeat(32);
const dayMs = 24 * 60 * 60 * 1000;
const password = "correct horse battery staple";

describe("The release store", () => {
  let folder: string;
  let store: ReleaseStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-store-"));
    store = await open();
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const open = (own = key): Promise<ReleaseStore> =>
    openReleaseStore({ reference: pathToFileURL(folder).href, key: own });
  const fileOf = (digest: string): string => join(folder, "releases", `${digest.slice(7)}.json.gz`);

  it("gives back every object as it was, secrets included", async () => {
    const plain = {
      ...secret("plain", {}),
      stringData: { token: password },
      type: "Opaque",
      immutable: true,
    };
    const objects = [deployment("web"), secret("token", { password }), plain, configMap("settings")];

    const digest = await store.put(objects);

    assert.match(digest, /^sha256:[0-9a-f]{64}$/);
    const found = await (await open()).get(digest);
    assert.deepEqual(
      new Set(found.map((each) => JSON.stringify(sorted(each)))),
      new Set(objects.map((each) => JSON.stringify(sorted(each)))),
    );
  });

  it("has no secret in it that can be read, neither as it is nor unpacked", async () => {
    const digest = await store.put([secret("token", { password })]);
    await store.writeRecord("clusters/eu1", { kubeconfig: password });
    await writeFile(join(folder, "unpacked"), gunzipSync(await readFile(fileOf(digest))));

    assert.deepEqual(await findSecret(password, [folder]), []);
    assert.deepEqual(await findSecret(Buffer.from(password).toString("base64"), [folder]), []);
    assert.match(await readFile(join(folder, "unpacked"), "utf8"), /"name":"token"/);
  });

  it("has one digest for the same objects, in whatever order and however often, and another for any other", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 6 });
    return fc.assert(
      fc.asyncProperty(names, fc.string(), async (all, value) => {
        const objects = all.map((name) => secret(name, { value }));

        const digest = await store.put(objects);

        assert.equal(await store.put(objects.toReversed()), digest);
        const other = [...objects.slice(1), secret(all[0] ?? "", { value: `${value}.` })];
        assert.notEqual(await store.put(other), digest);
      }),
      { numRuns: 20 },
    );
  });

  it("stores a release once", async () => {
    const digest = await store.put([configMap("settings")]);
    const before = await readFile(fileOf(digest));
    await store.put([configMap("settings")]);

    assert.deepEqual(await readdir(join(folder, "releases")), [`${digest.slice(7)}.json.gz`]);
    assert.ok(before.equals(await readFile(fileOf(digest))));
  });

  it("names a release that is not there", async () => {
    for (const digest of [`sha256:${"0".repeat(64)}`, "latest", "sha256:../../etc/passwd"]) {
      await assert.rejects(store.get(digest), {
        code: "KEELSON_RELEASE_MISSING",
        message: new RegExp(digest),
      });
    }
  });

  it("does not give out what somebody has changed", async () => {
    const digest = await store.put([configMap("settings")]);
    const text = gunzipSync(await readFile(fileOf(digest))).toString();

    for (const changed of [gzipSync(text.replace("strict", "loose")), Buffer.from(text), Buffer.alloc(0)]) {
      await writeFile(fileOf(digest), changed);
      await assert.rejects(store.get(digest), {
        code: "KEELSON_RELEASE_UNREADABLE",
        message: /it is not what was stored/,
      });
    }
  });

  it("is not opened with another key", async () => {
    await assert.rejects(open("0e".repeat(32)), {
      code: "KEELSON_RELEASE_UNREADABLE",
      message: /belongs to another key/,
    });
  });

  it("keeps records, each under its own name", async () => {
    await store.writeRecord("clusters/eu1", { kubeconfig: "one" });
    await store.writeRecord("clusters/eu2", { kubeconfig: "two" });

    assert.deepEqual(await store.readRecord("clusters/eu1"), { kubeconfig: "one" });
    assert.equal(await store.readRecord("clusters/eu3"), undefined);
    assert.deepEqual((await store.listRecords("clusters/")).toSorted(), ["clusters/eu1", "clusters/eu2"]);
    // A record that was moved to another name is not what its name says.
    await writeFile(
      join(folder, "records/clusters/eu1"),
      await readFile(join(folder, "records/clusters/eu2")),
    );
    await assert.rejects(store.readRecord("clusters/eu1"), { code: "KEELSON_RELEASE_UNREADABLE" });
    await store.removeRecord("clusters/eu1");
    assert.equal(await store.readRecord("clusters/eu1"), undefined);
    await assert.rejects(store.writeRecord("../passwd", {}), { code: "KEELSON_INVALID_INPUT" });
  });

  it("leaves a record as it is that says so already", async () => {
    const file = join(folder, "records/clusters/eu1");
    const write = async (kubeconfig: string): Promise<number> => {
      await store.writeRecord("clusters/eu1", { name: "eu1", kubeconfig });
      return (await stat(file)).ino;
    };

    const first = await write("one");

    assert.equal(await write("one"), first);
    assert.notEqual(await write("two"), first);
    assert.deepEqual(await store.readRecord("clusters/eu1"), { name: "eu1", kubeconfig: "two" });
  });

  it("throws away what is old and not in use", async () => {
    const [used, old, young] = [
      await store.put([configMap("used")]),
      await store.put([configMap("old")]),
      await store.put([configMap("young")]),
    ];
    const longAgo = new Date(Date.now() - 40 * dayMs);
    for (const digest of [used, old]) await utimes(fileOf(digest), longAgo, longAgo);

    const collected = await store.collect({ used: new Set([used]) });

    assert.deepEqual(collected, { kept: 2, removed: [old] });
    await assert.rejects(store.get(old), { code: "KEELSON_RELEASE_MISSING" });
    assert.equal((await store.get(used)).length + (await store.get(young)).length, 2);
  });

  it("does not throw away what was asked for again a moment ago", async () => {
    const digest = await store.put([configMap("settings")]);
    const longAgo = new Date(Date.now() - 40 * dayMs);
    await utimes(fileOf(digest), longAgo, longAgo);
    await store.put([configMap("settings")]);

    assert.deepEqual(await store.collect({ used: new Set() }), { kept: 1, removed: [] });
  });
});

describe("The reference of a release store", () => {
  for (const [reference, problem] of [
    ["file:///var/lib/keelson", undefined],
    ["s3://bucket", undefined],
    ["s3://bucket/prefix?region=eu-central-1&endpoint=http://127.0.0.1:9000", undefined],
    ["/var/lib/keelson", /neither with file/],
    ["https://example.org/", /neither with file/],
    ["s3:///prefix", /names no bucket/],
    ["file://host/path", /on this computer/],
    ["s3://id:secret@bucket", /environment/],
    ["s3://bucket?profile=prod", /"profile" is neither/],
    ["s3://bucket?endpoint=minio", /no address/],
  ] as const) {
    it(`${problem === undefined ? "may" : "must not"} be ${reference}`, () => {
      const found = referenceProblem(reference);

      if (problem === undefined) assert.equal(found, undefined);
      else assert.match(found ?? "", problem);
    });
  }

  it("needs credentials for a bucket, and does not show those that stand in the wrong place", async () => {
    await assert.rejects(openReleaseStore({ reference: "s3://bucket", key, env: {} }), {
      code: "KEELSON_INVALID_INPUT",
      message: /AWS_ACCESS_KEY_ID/,
    });
    await assert.rejects(
      openReleaseStore({ reference: `s3://id:${key}@bucket`, key, env: {} }),
      (error: Error) => {
        assert.doesNotMatch(error.message, new RegExp(key));
        return true;
      },
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, each]): [string, unknown] => [name, sorted(each)]);
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}
