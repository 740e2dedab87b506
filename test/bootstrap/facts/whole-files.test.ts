import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readSections } from "../../../bootstrap/facts/sections.ts";
import { wholeFilesPart } from "../../../bootstrap/facts/whole-files.ts";

describe("whole files in a look", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-whole-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const read = (contents: Readonly<Record<string, string | undefined>>): ReturnType<typeof readSections> => {
    const files = Object.entries(contents).map(([name, content]) => {
      const path = join(folder, name);
      rmSync(path, { force: true });
      if (content !== undefined) writeFileSync(path, content);
      return [name, path] as const;
    });
    const script = `section() { printf '\\036%s\\n' "$1"; }\n${wholeFilesPart(files)}\nsection end\n`;
    return readSections(
      execFileSync("sh", ["-s"], { input: script, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] }),
    );
  };

  it("are each read as they are, whatever ends them, and missing ones are empty", () => {
    const text = fc.stringMatching(/^[ab=<>/\n]*$/);
    const contents = fc.record({ one: fc.option(text, { nil: undefined }), two: text, three: text });
    fc.assert(
      fc.property(contents, (given) => {
        const sections = read(given);

        for (const [name, content = ""] of Object.entries(given))
          assert.equal(sections.text(name), content.trim());
      }),
      { numRuns: 25 },
    );
  });

  it("come from the first place that has them", () => {
    const [first, second] = ["os-1", "os-2"].map((name) => join(folder, name));
    const output = (texts: string): string =>
      `\u001efileNames\nos ${first ?? ""}\nos ${second ?? ""}\n\u001efileTexts\n${texts}\u001eend\n`;

    const both = readSections(output(`==> ${first ?? ""} <==\nID=a\n\n==> ${second ?? ""} <==\nID=b\n`));
    const one = readSections(output(`==> ${second ?? ""} <==\nID=b\n`));

    assert.equal(both.text("os"), "ID=a");
    assert.equal(one.text("os"), "ID=b");
  });
});
