import type { FileFacts } from "../../clusters/facts.ts";
import { paths } from "../paths.ts";

/**
 * The shell function `digests FILE…`, which prints checksum, mode and path of regular files with two processes, however
 * many they are. A file whose sum is noted is not read: large ones would take a second. It prints the mode of the others
 * first, and then what sha256sum says.
 */
export const digestsFunction = `
[ -e ${paths.sums} ] && sums="$(cat ${paths.sums})
"
digests() {
[ $# -gt 0 ] || return 0
IFS='
'; set -f
stats=$(stat -Lc '%i:%s:%.9Y:%.9Z %f %a %n' "$@"); set --
for line in $stats; do
key=\${line%% *}; f=\${line#* }; kind=\${f%% *}; f=\${f#* }; mode=\${f%% *}; f=\${f#* }
case $kind in 8???) ;; *) continue;; esac
case "$sums" in *" $key $f
"*) sum=\${sums%%" $key $f
"*}; printf '%s %s %s\\n' "\${sum##*
}" "$mode" "$f";;
*) printf -- '- %s %s\\n' "$mode" "$f"; set -- "$@" "$f";; esac
done
unset IFS; set +f
[ $# -eq 0 ] || sha256sum "$@"
}`;

/** Reads what the function prints, by path. A file that could not be read has the sum "-". */
export function parseDigests(lines: readonly string[]): Record<string, FileFacts> {
  const files: Record<string, FileFacts> = {};
  for (const line of lines) {
    const [, sum, summed = ""] = /^([0-9a-f]{64}) [ *](.*)$/.exec(line) ?? [];
    const known = files[summed];
    if (sum !== undefined) {
      if (known) files[summed] = { ...known, sha256: sum };
      continue;
    }
    const [sha256 = "", mode = "", ...path] = line.split(" ");
    files[path.join(" ")] = { sha256, mode };
  }
  return files;
}
