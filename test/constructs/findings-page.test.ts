import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { findingCodes, isExcusable } from "../../constructs/core/finding.ts";

describe("docs/findings.md", () => {
  const page = readFileSync("docs/findings.md", "utf8");
  const rows = [...page.matchAll(/^\| `([\w-]+)` \| (\w+) \| (yes)? ?\| (.+) \|$/gm)];

  it("says of every code its severity and whether it can be excused, and of no other", () => {
    const written = rows.map(([, code, severity, excusable]) => [code, severity, excusable === "yes"]);
    const real = Object.entries(findingCodes).map(([code, severity]) => [code, severity, isExcusable(code)]);
    assert.deepEqual(written.toSorted(), real.toSorted());
  });
});
