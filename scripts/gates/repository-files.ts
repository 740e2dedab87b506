import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The text files that belong to the repository, tracked or about to be, by path. */
export function repositoryFiles(root: string, pattern: RegExp): ReadonlyMap<string, string> {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  const paths = listed.toString().split("\0");
  return new Map(
    paths
      .filter((path) => path !== "" && pattern.test(path) && existsSync(join(root, path)))
      .map((path) => [path, readFileSync(join(root, path), "utf8")]),
  );
}
