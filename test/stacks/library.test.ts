import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const library = pathToFileURL(join(import.meta.dirname, "../../stacks/library.ts")).href;

/** Prints the modules that a program loads with the library, one per line. */
const script = `
import { registerHooks } from "node:module";
const seen = new Set();
registerHooks({ load: (url, context, next) => (seen.add(url), next(url, context)) });
await import(${JSON.stringify(library)});
console.log([...seen].join("\\n"));
`;

describe("the library of programs", () => {
  it("loads nothing that only the provider works with: each program pays for what it loads, at each run", () => {
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
      encoding: "utf8",
    });
    const modules = stdout.split("\n");
    assert.ok(modules.includes(library), stderr);
    assert.deepEqual(
      modules.filter((url) => /node_modules\/(@kubernetes\/client-node|ssh2|undici)\//.test(url)),
      [],
    );
  });
});
