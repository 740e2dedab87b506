import type { RegistryFile } from "../../clusters/facts.ts";
import type { Sections } from "../facts/sections.ts";
import { paths } from "../paths.ts";

/** The first line of every file of keelson's in the folders of registries. */
export const ourMark = "# Written by keelson.";

/** The part of the facts script about registries: whose each file is. Their digests could betray a password: only plans see them. */
export function registriesPart(digests: boolean): string {
  const sum = digests ? `$(sha256sum <"$f" | cut -c 1-64)` : "-";
  return `
section registries; for f in ${paths.containerdRegistries}/*/hosts.toml ${paths.containerdRegistries}/*/keelson-*.crt; do
[ -f "$f" ] || continue; o=theirs; case $f in *.crt) o=ours;; *) head -n 1 "$f" | grep -qxF '${ourMark}' && o=ours;; esac
echo "$o ${sum} $(stat -c %a "$f") $f"; done`;
}

export function parseRegistries({ lines }: Sections): Readonly<Record<string, RegistryFile>> {
  return Object.fromEntries(
    lines("registries").map((line) => {
      const [owner, sha256 = "", mode = "", ...path] = line.split(" ");
      return [path.join(" "), { sha256, mode, isOurs: owner === "ours" }];
    }),
  );
}
