import type { RegistryFile } from "../../clusters/facts.ts";
import { parseDigests } from "../facts/digests.ts";
import type { Sections } from "../facts/sections.ts";
import { paths } from "../paths.ts";

/** The first line of every file of keelson's in the folders of registries. */
export const ourMark = "# Written by keelson.";

/** The part of the facts script about registries: whose each file is. Their digests could betray a password: only plans see them. */
export function registriesPart(digests: boolean): string {
  return `
section ourRegistries; set --; for f in ${paths.containerdRegistries}/*/hosts.toml ${paths.containerdRegistries}/*/keelson-*.crt; do
[ -f "$f" ] || continue; set -- "$@" "$f"; line=
case $f in *.crt) ;; *) IFS= read -r line <"$f"; [ "$line" = '${ourMark}' ];; esac && printf '%s\\n' "$f"; done
section registries; [ $# -eq 0 ] || ${digests ? "digests" : "stat -Lc '- %a %n'"} "$@"`;
}

export function parseRegistries({ lines }: Sections): Readonly<Record<string, RegistryFile>> {
  const ours = new Set(lines("ourRegistries"));
  return Object.fromEntries(
    Object.entries(parseDigests(lines("registries"))).map(([path, file]) => [
      path,
      { ...file, isOurs: ours.has(path) },
    ]),
  );
}
