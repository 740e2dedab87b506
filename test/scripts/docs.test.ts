import assert from "node:assert/strict";

import { findForbidden } from "../../scripts/gates/forbidden.ts";
import { findDeadLinks, findOrphans } from "../../scripts/gates/links.ts";
import { checkSnippets, findSnippets } from "../../scripts/gates/snippets.ts";

describe("findDeadLinks()", () => {
  const pages = new Map([
    [
      "docs/a.md",
      "# First thing\n\n[b](b.md#the-second-thing) [top](../README.md) [here](#first-thing) [code](../kube/)",
    ],
    [
      "docs/b.md",
      "## The `second` thing!\n\n```md\n[not a link](nowhere.md)\n```\n[web](https://example.com/x)",
    ],
  ]);
  const exists = (path: string): boolean => ["README.md", "kube"].includes(path);

  it("accepts pages, anchors, folders and addresses of the web, and ignores code", () => {
    assert.deepEqual(findDeadLinks(pages, exists), []);
  });

  const dead: readonly (readonly [title: string, text: string])[] = [
    ["a missing page", "[x](gone.md)"],
    ["a missing anchor", "[x](b.md#third-thing)"],
    ["a missing anchor of its own page", "[x](#third)"],
    ["a missing reference", "[x][1]\n\n[1]: gone.md"],
    ["a missing picture", "![x](gone.png)"],
  ];
  for (const [title, text] of dead) {
    it(`names ${title}`, () => {
      const problems = findDeadLinks(new Map([...pages, ["docs/c.md", text]]), exists);

      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", /^docs\/c\.md: Cannot follow the link/);
    });
  }
});

describe("findOrphans()", () => {
  it("names the pages beside an index that it does not link to", () => {
    const pages = new Map([
      ["docs/README.md", "[a](a.md#x)"],
      ["docs/a.md", ""],
      ["docs/b.md", ""],
      ["docs/decisions/c.md", ""],
    ]);

    assert.deepEqual(findOrphans(pages, "docs/README.md"), [
      "docs/README.md: Cannot lead to docs/b.md: it has no link to it",
    ]);
  });
});

describe("checkSnippets()", () => {
  const page = (code: string): string => `# Page\n\n\`\`\`ts\n${code}\n\`\`\`\n`;

  it("takes programs with an import and leaves fragments and other languages alone", () => {
    const text = `${page("const a = 1;")}${page('import "node:fs";')}\n\`\`\`sh\nimport x\n\`\`\`\n`;

    assert.deepEqual(findSnippets("a.md", text), [{ page: "a.md", line: 9, text: 'import "node:fs";\n' }]);
  });

  it("names the page and the line of what does not compile", () => {
    const good = page('import { errorCodes } from "./errors.ts";\nerrorCodes.KEELSON_INTERNAL.trim();');
    const bad = page('import { errorCodes } from "./errors.ts";\n\nerrorCodes.KEELSON_NONSENSE;');
    const snippets = [...findSnippets("good.md", good), ...findSnippets("bad.md", bad)];

    const problems = checkSnippets(process.cwd(), snippets);

    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^bad\.md:6: .*KEELSON_NONSENSE/);
  }).timeout(120_000);
});

describe("findForbidden()", () => {
  it("names each file and line with a forbidden text", () => {
    const files = new Map([
      ["a.ts", "fine"],
      ["b.ts", "one\nsee mirror.corp.example here"],
    ]);

    assert.deepEqual(findForbidden(files, [{ text: "mirror.corp.example", why: "private" }]), [
      'b.ts:2: Cannot contain "mirror.corp.example": private',
    ]);
  });
});
