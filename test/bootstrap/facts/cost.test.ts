import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { factsRequest, gatherFacts } from "../../../bootstrap/facts/gather.ts";
import { parseFacts } from "../../../bootstrap/facts/parse.ts";
import { factsScript } from "../../../bootstrap/facts/script.ts";
import type { FactsRequest } from "../../../bootstrap/facts/script.ts";
import { askedFeatures } from "../../../bootstrap/facts/kernel.ts";
import { FakeRunner } from "../../support/fake-runner.ts";

/** A process costs a host two milliseconds, and a cluster of five hosts is looked at fifty times while it is made. */
describe("a look at a host", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-look-"));
  const started = join(folder, "started");
  const places = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const files = Array.from({ length: 60 }, (_, index) => join(folder, `file ${String(index)}`));

  /** The programs that a look starts, one by one: each is a link to a script that notes its name. */
  const look = (request: FactsRequest): { facts: ReturnType<typeof parseFacts>; programs: string[] } => {
    writeFileSync(started, "");
    const { stdout } = spawnSync("/bin/sh", ["-s"], {
      input: factsScript(request),
      encoding: "utf8",
      env: { PATH: join(folder, "bin") },
    });
    const programs = readFileSync(started, "utf8").split("\n").filter(Boolean);
    return { facts: parseFacts(stdout, Date.now()), programs };
  };

  before(() => {
    const bin = join(folder, "bin");
    const note = join(folder, "note");
    mkdirSync(bin);
    writeFileSync(
      note,
      `#!/bin/sh\nname=\${0##*/}; echo "$name" >>${started}; PATH=${places.join(":")} exec "$name" "$@"\n`,
      { mode: 0o755 },
    );
    const names = places.flatMap((place) => {
      try {
        return readdirSync(place);
      } catch {
        return [];
      }
    });
    for (const name of new Set(names)) symlinkSync(note, join(bin, name));
    for (const file of files) writeFileSync(file, file);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("starts few programs", () => {
    const { programs } = look({ ...factsRequest("controlPlane"), settings: true });

    assert.ok(programs.length > 5 && programs.length <= 30, programs.join(" "));
  });

  it("starts no more of them for many files than for one", () => {
    const one = look({ files: files.slice(0, 1), units: {}, hostFiles: files.slice(0, 1), settings: true });
    const many = look({ files, units: {}, hostFiles: files, settings: true });

    assert.equal(Object.keys(many.facts.files).length, files.length);
    assert.deepEqual(Object.keys(many.facts.hostFiles?.found ?? {}).sort(), [...files].sort());
    // What is joined by pipes starts in any order.
    assert.deepEqual(many.programs.sort(), one.programs.sort());
  });

  it("reads the kernel's functions only until it is known what is built in", () => {
    const readsThem = (kernel?: FactsRequest["kernel"]): boolean =>
      look({ files: [], units: {}, ...(kernel && { kernel }) }).programs.includes("grep");
    const { facts } = look({ files: [], units: {} });
    const builtIn = Object.keys(askedFeatures).filter((name) => facts.kernelFeatures[name] === "builtin");

    const again = look({ files: [], units: {}, kernel: { release: release(), builtIn } });

    assert.deepEqual(again.facts.kernelFeatures, facts.kernelFeatures);
    assert.equal(readsThem({ release: release(), builtIn }), false);
    // Where all features are loaded, or show elsewhere, nobody needs to read them.
    assert.equal(readsThem({ release: "another", builtIn }), readsThem());
  });

  it("hands what it found out about the kernel on to the next one at the same host", async () => {
    const scripts: string[] = [];
    const answer = `\u001euname\n6.1.0-18-amd64 x86_64\n\u001esymbols\n nft_do_chain\n\u001eend\n`;
    const runner = new FakeRunner("w1", [
      [
        "sh -s",
        (_, stdin) => {
          scripts.push(stdin);
          return answer;
        },
      ],
    ]);

    await gatherFacts(runner, { files: [], units: {} });
    await gatherFacts(runner, { files: [], units: {} });

    assert.doesNotMatch(scripts[0] ?? "", /6\.1\.0-18-amd64/);
    assert.match(scripts[1] ?? "", /= 6\.1\.0-18-amd64 \]; then printf ' %s\\n' nft_do_chain; else grep/);
  });
});
