import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Chart } from "cdk8s";
import { findingsOf } from "../../constructs/index.ts";
import { findSnippets } from "../../scripts/gates/snippets.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const library = new URL("../../constructs/index.ts", import.meta.url).href;

describe("The example of a construct's page", () => {
  let folder: string;

  before(async () => {
    // Below the checkout, so that the examples find cdk8s.
    await mkdir(join(root, ".keelson"), { recursive: true });
    folder = await mkdtemp(join(root, ".keelson", "pages-"));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("renders without an error, on every page", async () => {
    const pages = (await readdir(join(root, "docs/constructs"))).filter((name) => name.endsWith(".md"));
    assert.ok(pages.length > 5);
    for (const page of pages) {
      const text = await readFile(join(root, "docs/constructs", page), "utf8");
      const [example] = findSnippets(page, text);
      assert.ok(example, `${page} begins with an example`);
      const file = join(folder, `${page}.ts`);
      const program = example.text.replaceAll('"keelson/constructs"', JSON.stringify(library));
      await writeFile(file, `${program}\nexport { chart };\n`);
      const { chart } = (await import(pathToFileURL(file).href)) as { chart: Chart };
      const errors = findingsOf(chart.node.root).filter(({ severity }) => severity === "error");
      assert.deepEqual(errors, [], page);
      assert.ok((chart.toJson() as object[]).length > 0, page);
    }
  });
});
