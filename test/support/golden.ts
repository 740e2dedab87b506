import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

/**
 * Compares a text with the file of that name in `test/golden`. With KEELSON_UPDATE_GOLDEN=1 the file is written
 * instead, and the version control shows what changed.
 */
export function assertGolden(name: string, text: string): void {
  const file = new URL(`../golden/${name}`, import.meta.url);
  if (process.env["KEELSON_UPDATE_GOLDEN"] === "1") {
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(text, readFileSync(file, "utf8"), `the output must be the one in test/golden/${name}`);
}
