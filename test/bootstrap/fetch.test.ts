import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchFiles } from "../../bootstrap/fetch.ts";
import { parseDigests, digestsFunction } from "../../bootstrap/facts/digests.ts";
import { paths } from "../../bootstrap/paths.ts";
import { sha256 } from "../../bootstrap/view.ts";
import { bundle, clusterHost } from "../support/bootstrap.ts";
import { FakeRunner } from "../support/fake-runner.ts";

describe("the noted checksums of delivered files", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-sums-"));
  const here = (script: string): string => script.replaceAll(paths.state, join(folder, "state"));
  const sums = (): readonly string[] =>
    readFileSync(here(paths.sums), "utf8").split("\n").filter(Boolean).sort();
  const places = ["one", "two", "three"].map((name) => join(folder, name));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Delivers with another sum than the content has, to tell what is noted from what is read. */
  const deliver = async (delivered: readonly string[], digit: string): Promise<void> => {
    const runner = new FakeRunner("w1", [
      [/keelson\/sums/, (script) => execFileSync("sh", ["-c", here(script)], { encoding: "utf8" })],
    ]);
    const { mirror: _, ...host } = clusterHost("worker");
    const [file] = bundle.files;
    assert.ok(file);
    const deliveries = delivered.map((path) => ({
      file: { ...file, sha256: digit.repeat(64) },
      path,
      mode: 0o755,
    }));
    const context = { runner, signal: new AbortController().signal, log: () => undefined };
    for (const path of delivered) writeFileSync(path, `${path} ${digit}`);
    runner.upload = () => Promise.resolve();
    await fetchFiles(context, { host, bundle }, { name: "binaries", deliveries });
  };

  it("are one line a file, which the next delivery replaces", async () => {
    mkdirSync(join(folder, "state"), { recursive: true });
    await deliver(places, "a");
    await deliver(places.slice(0, 2), "b");

    const [one = "", two = "", three = ""] = places;
    assert.deepEqual(
      sums().map((line) => line.replace(/ \S+ /, " ")),
      [`${"a".repeat(64)} ${three}`, `${"b".repeat(64)} ${one}`, `${"b".repeat(64)} ${two}`],
    );
    assert.ok(sums()[1]?.includes(` ${String(statSync(one).ino)}:`));
  });

  it("are told by a look as long as the file is as it was delivered, and else what is in it", async () => {
    await deliver(places, "c");
    const [one = "", two = ""] = places;
    writeFileSync(two, "changed");

    const quoted = places.map((path) => `'${path}'`).join(" ");
    const { stdout } = spawnSync("sh", ["-s"], {
      input: here(`${digestsFunction}\ndigests ${quoted} ${folder}/none ${folder}\n`),
      encoding: "utf8",
    });

    const found = parseDigests(stdout.split("\n").filter(Boolean));
    assert.deepEqual(Object.keys(found).sort(), [...places].sort());
    assert.equal(found[one]?.sha256, "c".repeat(64));
    assert.equal(found[two]?.sha256, sha256("changed"));
    assert.equal(found[two].mode, (statSync(two).mode & 0o777).toString(8));
  });
});
