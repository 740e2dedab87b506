import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { minors } from "../../constructs/kubernetes/schema.ts";
import { renderAll } from "../../scripts/kubernetes/render-all.ts";

describe("the types and schemas of Kubernetes", function () {
  this.timeout(300_000);

  it("are what the generator makes of the modules of Kubernetes", async () => {
    const files = renderAll({ download: true });

    assert.equal(files?.size, minors.length + 1);
    for (const [name, text] of files) {
      const committed = await readFile(
        new URL(`../../constructs/kubernetes/${name}`, import.meta.url),
        "utf8",
      );
      assert.ok(committed === text, `${name} must be generated anew: scripts/generate-kubernetes.ts`);
    }
  });
});
