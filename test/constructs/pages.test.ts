import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ApiObject, type Chart } from "cdk8s";
import { findingsOf } from "../../constructs/index.ts";
import type { Deployment } from "../../constructs/kubernetes/types.ts";
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
    const all = [
      ...pages.map((name) => `constructs/${name}`),
      "migration/from-cdk8s-plus.md",
      "migration/from-helm.md",
    ];
    for (const page of all) assert.ok((await render(page)).length > 0, page);
  });

  it("makes what the page says that one gets, and nothing else", async () => {
    const pages = (await readdir(join(root, "docs/constructs"))).filter((name) => name.endsWith(".md"));
    let named = 0;
    for (const name of pages) {
      const page = `constructs/${name}`;
      const text = await readFile(join(root, "docs", page), "utf8");
      const constructs: readonly string[] = /^# (.*)$/m.exec(text)?.[1]?.match(/\b[A-Z]\w+/g) ?? [];
      const prose = text.replaceAll(/^```ts\n.*?^```$/gms, "");
      for (const at of findSnippets(page, text).keys()) {
        const tree = (await build(page, at)).node.root.node.findAll();
        const own = tree.filter(({ constructor }) => constructs.includes(constructor.name));
        const objects = own
          .flatMap(({ node }) => node.findAll())
          .filter((each) => ApiObject.isApiObject(each));
        // What a raw object is stands in the example itself.
        const made = objects.filter((object) => object.node.scope?.constructor.name !== "RawObject");
        for (const { kind } of made)
          assert.match(prose, new RegExp(`\\b${kind}`), `${page} must name ${kind}`);
        named += made.length;
      }
    }
    assert.ok(named > 30, `${named} objects were looked for`);
  });

  it("keeps the selector of a Deployment of cdk8s-plus that lives, as its page says", async () => {
    const objects = await render("migration/from-cdk8s-plus.md", 1);

    const deployment = objects.find(({ kind }) => kind === "Deployment") as unknown as Deployment;
    const old = { "cdk8s.io/metadata.addr": "shop-web-c80b2a96" };
    assert.equal(deployment.metadata?.name, "shop-web-c8dbc5d5");
    assert.deepEqual(deployment.spec?.selector.matchLabels, old);
    assert.partialDeepStrictEqual(deployment.spec.template.metadata?.labels, old);
  });

  /** What an example of a page renders, its first one unless another is asked for. */
  async function render(page: string, at = 0): Promise<readonly { readonly kind: string }[]> {
    return (await build(page, at)).toJson() as readonly { readonly kind: string }[];
  }

  /** The chart that an example of a page fills; it must be without errors. */
  async function build(page: string, at: number): Promise<Chart> {
    const text = await readFile(join(root, "docs", page), "utf8");
    const example = findSnippets(page, text)[at];
    assert.ok(example, `${page} has no such example`);
    const file = join(folder, `${page.replace("/", "-")}-${at}.ts`);
    const program = example.text.replaceAll('"keelson/constructs"', JSON.stringify(library));
    await writeFile(file, `${program}\nexport { chart };\n`);
    const { chart } = (await import(pathToFileURL(file).href)) as { chart: Chart };
    const errors = findingsOf(chart.node.root).filter(({ severity }) => severity === "error");
    assert.deepEqual(errors, [], page);
    return chart;
  }
});
