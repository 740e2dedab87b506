import { quote } from "../../remote/quote.ts";
import type { OwnedFilesFacts } from "../../clusters/facts.ts";
import { parseDigests } from "../facts/digests.ts";
import type { Sections } from "../facts/sections.ts";
import type { WholeFile } from "../facts/whole-files.ts";
import { paths } from "../paths.ts";

/** The part of the facts script about the program's own files: those that are wanted, and those that once were. */
export function hostFilesPart(wanted: readonly string[]): string {
  const list =
    wanted.length === 0
      ? `sort -u ${paths.ownedFiles}`
      : `printf '%s\\n' ${wanted.map(quote).join(" ")} | cat - ${paths.ownedFiles} | sort -u`;
  // Of a host that has no such files nothing is asked.
  const asked = wanted.length === 0 ? `[ -s ${paths.ownedFiles} ] && ` : "";
  return `
section hostFiles; ${asked}{ IFS='
'; set -f; digests $(${list}); unset IFS; set +f; }`;
}

export const hostFileLists: readonly WholeFile[] = [["ownedFiles", paths.ownedFiles]];

export function parseHostFiles({ lines }: Sections): OwnedFilesFacts {
  return { found: parseDigests(lines("hostFiles")), owned: lines("ownedFiles") };
}
