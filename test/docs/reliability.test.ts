import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";

const page = readFileSync("docs/reliability.md", "utf8");

describe("The page about reliability", () => {
  it("names tests that exist", () => {
    const named = new Set([...page.matchAll(/`(test\/[^`]+\.test\.ts)`/g)].map(([, path = ""]) => path));

    assert.deepEqual(
      [...named].filter((path) => !existsSync(path)),
      [],
    );
    assert.ok(named.size > 20);
  });

  const [, incidents = ""] = /^## Incidents of others\n([\s\S]*?)^## /m.exec(page) ?? [];
  const rows = [...incidents.matchAll(/^\| (.+?) \| .+? \| (`.+) \|$/gm)];

  it("lists incidents of others", () => {
    assert.ok(rows.length >= 7, `${rows.length} rows were read`);
  });

  for (const [, incident = "", where = ""] of rows) {
    it(`says where ${incident} is played again`, () => {
      for (const [, path = ""] of where.matchAll(/`(.+?)`/g))
        assert.match(readFileSync(path, "utf8"), new RegExp(`it\\(\\s*.*\\(${incident}\\)`), path);
    });
  }
});
