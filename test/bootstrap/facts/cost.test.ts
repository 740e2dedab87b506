import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { factsRequest, gatherFacts } from "../../../bootstrap/facts/gather.ts";
import { parseFacts } from "../../../bootstrap/facts/parse.ts";
import { factsScript } from "../../../bootstrap/facts/script.ts";
import type { FactsRequest } from "../../../bootstrap/facts/script.ts";
import { askedFeatures } from "../../../bootstrap/facts/kernel.ts";
import type { HostFacts } from "../../../clusters/facts.ts";
import { CountedShell } from "../../support/counted-programs.ts";
import { FakeRunner } from "../../support/fake-runner.ts";

/** A process costs a host two milliseconds, and a cluster of five hosts is looked at fifty times while it is made. */
describe("a look at a host", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-look-"));
  const files = Array.from({ length: 60 }, (_, index) => join(folder, `file ${String(index)}`));
  const shell = new CountedShell();

  const look = (request: FactsRequest): { facts: HostFacts; programs: string[] } => {
    const { stdout, programs } = shell.run(["-s"], factsScript(request));
    // What is joined by pipes starts in any order.
    return { facts: parseFacts(stdout, Date.now()), programs: [...programs].sort() };
  };

  before(() => {
    for (const file of files) writeFileSync(file, file);
  });
  after(() => {
    shell.close();
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
    assert.deepEqual(many.programs, one.programs);
  });

  it("reads the kernel's functions only until it is known what is built in", () => {
    const request = { files: [], units: {} };
    const first = look(request);
    const { kernelFeatures } = first.facts;
    const builtIn = Object.keys(askedFeatures).filter((name) => kernelFeatures[name] === "builtin");
    // Where each of them is a folder, nobody needs to read them.
    const isUnclear = Object.keys(askedFeatures).some((name) => !existsSync(`/sys/module/${name}`));

    const again = look({ ...request, kernel: { release: release(), builtIn } });
    const booted = look({ ...request, kernel: { release: "another", builtIn } });

    assert.deepEqual(again.facts.kernelFeatures, kernelFeatures);
    assert.equal(first.programs.length - again.programs.length, isUnclear ? 1 : 0);
    assert.deepEqual(booted.programs, first.programs);
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
