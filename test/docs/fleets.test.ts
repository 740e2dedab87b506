import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const page = readFileSync("docs/fleets.md", "utf8");
const programs = [...page.matchAll(/^#+ (.+)\n\n```ts\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```/gm)].map(
  ([, heading = "", code = "", output = ""]) => ({ heading, code, output }),
);

describe("The page about fleets", () => {
  it("follows every program with what it prints", () => {
    assert.equal(programs.length, page.match(/^```ts\n/gm)?.length);
  });

  for (const { heading, code, output } of programs) {
    it(`says what its program under "${heading}" prints`, () => {
      const args = ["--conditions=keelson-source", "--input-type=module-typescript", "--no-warnings"];
      const result = spawnSync(process.execPath, args, { input: code, encoding: "utf8" });

      assert.equal(result.stderr, "");
      assert.equal(result.stdout.trim(), output.trim());
    }).timeout(60_000);
  }
});
