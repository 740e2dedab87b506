// Writes docs/reference/ from the sources: npm run reference
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { referencePages } from "./reference/pages.ts";

const root = process.cwd();
for (const [page, text] of referencePages(root)) {
  mkdirSync(dirname(join(root, page)), { recursive: true });
  writeFileSync(join(root, page), text);
}
