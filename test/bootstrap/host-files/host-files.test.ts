import assert from "node:assert/strict";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { readSections } from "../../../bootstrap/facts/sections.ts";
import { parseHostFiles } from "../../../bootstrap/host-files/facts.ts";
import { formerFiles, hostFiles } from "../../../bootstrap/host-files/phases.ts";
import { sha256 } from "../../../bootstrap/view.ts";
import type { HostView } from "../../../bootstrap/view.ts";
import type { OwnedFilesFacts } from "../../../clusters/facts.ts";
import { fileProblems } from "../../../clusters/settings/host-files.ts";
import type { HostFiles } from "../../../clusters/settings/host-files.ts";
import { blankView, clusterHost } from "../../support/bootstrap.ts";
import { FakeRunner } from "../../support/fake-runner.ts";

const policy = "/etc/audit/policy.yaml";
const files: HostFiles = { [policy]: { content: "kind: Policy\n", mode: 0o600 } };
const found = { [policy]: { sha256: sha256("kind: Policy\n"), mode: "600" } };

function viewOf(wanted: HostFiles, hostFilesFacts: OwnedFilesFacts): HostView {
  const host = clusterHost("worker", { files: wanted });
  return blankView("worker", { host, facts: { ...blankFacts(host), hostFiles: hostFilesFacts } });
}

describe("hostFiles", () => {
  const none: OwnedFilesFacts = { found: {}, owned: [] };
  const intentsOf = (wanted: HostFiles, facts: OwnedFilesFacts): readonly string[] =>
    [...hostFiles.plan(viewOf(wanted, facts)), ...formerFiles.plan(viewOf(wanted, facts))].map(
      ({ intent }) => intent,
    );

  it("are written where they lack or differ, and left alone where they are right", () => {
    assert.deepEqual(intentsOf(files, none), [`write ${policy}`]);
    assert.deepEqual(intentsOf(files, { found, owned: [policy] }), []);
    const changed = { [policy]: { sha256: "x", mode: "600" } };
    assert.deepEqual(intentsOf(files, { found: changed, owned: [policy] }), [`write ${policy}`]);
  });

  it("are owned even if the same was there before, so that it can come back", () => {
    assert.deepEqual(intentsOf(files, { found, owned: [] }), [`write ${policy}`]);
  });

  it("are taken away with the program, in whatever state", () => {
    assert.deepEqual(intentsOf({}, { found, owned: [policy] }), [`take away ${policy}`]);
    assert.deepEqual(intentsOf({}, { found: {}, owned: [policy] }), [`take away ${policy}`]);
    assert.deepEqual(intentsOf({}, none), []);
  });

  it("put aside what was there before, and show no content in a command line", async () => {
    const runner = new FakeRunner("w1", [[/^mkdir -p \/etc\/keelson/, ""]]);
    const context = { runner, signal: new AbortController().signal, log: () => undefined };
    await hostFiles.plan(viewOf(files, { found, owned: [] }))[0]?.work(context);
    assert.match(runner.commands.join("\n"), /cp -p \S+policy\.yaml \S+policy\.yaml\.keelson-former/);
    assert.doesNotMatch(runner.commands.join("\n"), /Policy/);
    assert.equal(runner.modes.get(policy), 0o600);
  });

  it("are read with their owner", () => {
    const text = `\u001eownedFiles\n${policy}\n\u001ehostFiles\nab 644 ${policy}\n\u001eend\n`;
    assert.deepEqual(parseHostFiles(readSections(text)), {
      found: { [policy]: { sha256: "ab", mode: "644" } },
      owned: [policy],
    });
  });
});

describe("fileProblems", () => {
  it("accepts files outside the cluster's own folders", () => {
    assert.deepEqual(fileProblems(files), []);
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    ["a relative path", { "etc/x": { content: "" } }, /not an absolute path/],
    ["a file of the cluster's own", { "/etc/kubernetes/admin.conf": { content: "" } }, /the cluster's own/],
    ["a mode that is none", { "/etc/x": { content: "", mode: 0o4755 } }, /more than 0o777/],
    ["content that is no text", { "/etc/x": { content: 1 } }, /not text/],
  ];
  for (const [what, given, expected] of refused) {
    it(`refuses ${what}`, () => {
      assert.match(fileProblems(given as HostFiles)[0]?.message ?? "", expected);
    });
  }
});
