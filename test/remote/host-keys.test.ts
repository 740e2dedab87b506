import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fingerprint,
  formatHostKey,
  hostKeyAlgorithms,
  KnownHosts,
  parseHostKeys,
} from "../../remote/host-keys.ts";
import { makeKey } from "../support/ssh-server.ts";

// `ssh-keygen -lf` says so of this key.
const sample = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const sampleFingerprint = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU";

describe("host keys", () => {
  it("have the fingerprint that ssh-keygen prints", () => {
    assert.equal(fingerprint(only(sample)), sampleFingerprint);
  });

  it("are read with comments, blank lines and several keys", () => {
    const other = makeKey("ecdsa").publicKey;
    const keys = parseHostKeys(`# mine\n${sample} root@box\n\n${other}\n`);
    assert.deepEqual(keys.map(formatHostKey), [sample, other]);
  });

  it("are refused when they are something else", () => {
    for (const text of ["garbage", "ssh-rsa AAAA", `ssh-rsa ${sample.split(" ")[1] ?? ""}`]) {
      assert.throws(() => parseHostKeys(text), { code: "KEELSON_INVALID_INPUT" });
    }
  });

  it("put the pinned algorithm first and still offer the others", () => {
    const offered = hostKeyAlgorithms([only(makeKey("ecdsa").publicKey)]);
    assert.equal(offered[0], "ecdsa-sha2-nistp256");
    assert.deepEqual(offered.toSorted(), hostKeyAlgorithms([]).toSorted());
  });
});

describe("KnownHosts", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-keys-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("remembers a key across runs, for its owner only", async () => {
    const path = join(folder, "deep", "known_hosts");
    await new KnownHosts(path).add("[10.0.0.1]:22", only(sample));
    assert.deepEqual(await new KnownHosts(path).find("[10.0.0.1]:22"), [only(sample)]);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it("does not take one host for another", async () => {
    const hosts = new KnownHosts(join(folder, "known_hosts"));
    await hosts.add("[10.0.0.1]:22", only(sample));
    assert.deepEqual(await hosts.find("[10.0.0.1]:2"), []);
    assert.deepEqual(await hosts.find("[10.0.0.1]:22%[bastion]:22"), []);
  });

  it("forgets a key whose line was deleted", async () => {
    const path = join(folder, "known_hosts");
    const hosts = new KnownHosts(path);
    await hosts.add("[10.0.0.1]:22", only(sample));
    await writeFile(path, "");
    assert.deepEqual(await hosts.find("[10.0.0.1]:22"), []);
  });

  it("remembers in memory when it has no file", async () => {
    const hosts = new KnownHosts();
    await hosts.add("[10.0.0.1]:22", only(sample));
    assert.deepEqual(await hosts.find("[10.0.0.1]:22"), [only(sample)]);
  });
});

function only(line: string): Buffer {
  const [key] = parseHostKeys(line);
  assert.ok(key);
  return key;
}
