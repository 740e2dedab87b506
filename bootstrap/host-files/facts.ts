import { quote } from "../../remote/quote.ts";
import type { OwnedFilesFacts } from "../../clusters/facts.ts";
import type { Sections } from "../facts/sections.ts";
import { paths } from "../paths.ts";

/** The part of the facts script about the program's own files: those that are wanted, and those that once were. */
export function hostFilesPart(wanted: readonly string[]): string {
  return `
section ownedFiles; cat ${paths.ownedFiles}
section hostFiles; { printf '%s\\n' ${["", ...wanted].map(quote).join(" ")}; cat ${paths.ownedFiles}; } | sort -u | while IFS= read -r f; do
[ -f "$f" ] && echo "$(sha256sum <"$f" | cut -c 1-64) $(stat -Lc %a "$f") $f"; done`;
}

export function parseHostFiles({ lines }: Sections): OwnedFilesFacts {
  const found = lines("hostFiles").map((line) => {
    const [sha256 = "", mode = "", ...path] = line.split(" ");
    return [path.join(" "), { sha256, mode }] as const;
  });
  return { found: Object.fromEntries(found), owned: lines("ownedFiles") };
}
