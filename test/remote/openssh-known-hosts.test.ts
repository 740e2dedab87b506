import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatHostKey } from "../../remote/host-keys.ts";
import { findKnownKeys, knownHostName } from "../../remote/openssh-known-hosts.ts";
import { makeKey } from "../support/ssh-server.ts";

const [one, two] = [keyLine(), keyLine()];

describe("OpenSSH's known hosts", () => {
  it("name a host with its port, unless it is 22", () => {
    assert.equal(knownHostName("box", 22), "box");
    assert.equal(knownHostName("box", 2222), "[box]:2222");
  });

  it("are found by name among comments, other hosts and lines that are none", () => {
    const text = `# box ${one}\n\nother ${two}\nbox ssh-ed25519\nbox,10.0.0.1 ${one} root@box\nBOX ${two}\n`;
    assert.deepEqual(found(text, "box"), [one, two]);
    assert.deepEqual(found(text, "10.0.0.1"), [one]);
    assert.deepEqual(found(text, "bo"), []);
  });

  it("are found by pattern, and an exclamation mark excludes", () => {
    const text = `*.lab,!db?.lab ${one}\n[10.0.*]:2222 ${two}\n`;
    assert.deepEqual(found(text, "web1.lab"), [one]);
    assert.deepEqual(found(text, "db1.lab"), []);
    assert.deepEqual(found(text, "[10.0.3.4]:2222"), [two]);
  });

  it("are found where ssh-keygen hashed their names", async () => {
    const folder = await mkdtemp(join(tmpdir(), "keelson-known-"));
    const path = join(folder, "known_hosts");
    await writeFile(path, `box ${one}\n[box]:2222 ${two}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", path], { stdio: "ignore" });
    const text = await readFile(path, "utf8");
    await rm(folder, { recursive: true });
    assert.ok(!text.includes("box"));
    assert.deepEqual(found(text, "box"), [one]);
    assert.deepEqual(found(text, "[box]:2222"), [two]);
    assert.deepEqual(found(text, "[box]:22"), []);
  });

  it("hold no key that is revoked", () => {
    const known = findKnownKeys(`box ${one}\nbox ${two}\n@revoked * ${one}\n`, "box");
    assert.deepEqual(known.keys.map(formatHostKey), [two]);
    assert.deepEqual(known.revoked.map(formatHostKey), [one]);
  });

  it("tell an authority from a host", () => {
    const known = findKnownKeys(`@cert-authority *.lab ${one}\n`, "box.lab");
    assert.deepEqual(known, { keys: [], revoked: [], hasAuthority: true });
  });
});

function keyLine(): string {
  return makeKey().publicKey.split(" ").slice(0, 2).join(" ");
}

function found(text: string, name: string): string[] {
  return findKnownKeys(text, name).keys.map(formatHostKey);
}
