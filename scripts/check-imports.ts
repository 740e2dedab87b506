import { checkImports } from "./gates/imports.ts";
import { repositoryFiles } from "./gates/repository-files.ts";

const problems = checkImports(repositoryFiles(process.cwd(), /\.[cm]?ts$/));
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
