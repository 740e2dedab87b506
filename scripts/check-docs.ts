import { existsSync } from "node:fs";
import { join } from "node:path";

import { findForbidden, forbiddenHere } from "./gates/forbidden.ts";
import { findDeadLinks, findOrphans } from "./gates/links.ts";
import { repositoryFiles } from "./gates/repository-files.ts";
import { checkSnippets, findSnippets } from "./gates/snippets.ts";
import { findStale } from "./reference/pages.ts";

const readmeLines = 120;
const root = process.cwd();
const pages = repositoryFiles(root, /\.md$/);
const readme = pages.get("README.md")?.trimEnd().split("\n").length ?? 0;

const problems = [
  ...(readme > readmeLines ? [`README.md: Cannot have ${readme} lines: ${readmeLines} is the limit`] : []),
  ...findDeadLinks(pages, (path) => existsSync(join(root, path))),
  ...findOrphans(pages, "docs/README.md"),
  ...checkSnippets(
    root,
    [...pages].flatMap(([page, text]) => findSnippets(page, text)),
  ),
  ...findStale(root, pages),
  ...findForbidden(repositoryFiles(root, /./), forbiddenHere(root)),
];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
