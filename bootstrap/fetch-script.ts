import { basename, dirname } from "node:path";
import { command, quote } from "../remote/quote.ts";
import type { BundleFile } from "../toolchain/bundle.ts";
import { paths } from "./paths.ts";

/** A file of the bundle and where it belongs on the host. */
export interface Delivery {
  readonly file: BundleFile;
  readonly path: string;
  readonly mode: number;
}

/**
 * A script that downloads files from below the address, into a folder beside their places, and brings those that are whole
 * to them. Nothing that came whole comes twice: also if a later one fails, and if the host loses power, when the next run
 * finds it in that folder. Few processes do it: one for each step and file would take longer than the bytes.
 */
export function downloadScript(address: string, deliveries: readonly Delivery[]): string {
  const rows = deliveries.map(({ file, path, mode }) => {
    const url = `${address}/${file.path.split("/").map(encodeURIComponent).join("/")}`;
    return [file.sha256, mode.toString(8), dirname(path), basename(path), url].join(" ");
  });
  const drafts = [...new Set(deliveries.map(({ path }) => draftFolder(dirname(path))))];
  return `[ -n "$BASH_VERSION" ] || exec bash "$0"
set -e
files=${quote(rows.join("\n"))}
${command`mkdir -p ${drafts}`}
${getFunction}
${sumsFunction}
${noteFunction}
${download}
${place}
${command`rm -rf ${drafts}`}
exit $failed`;
}

/** Notes the checksums of files that were delivered, so that later looks need not read them. */
export function noteSums(deliveries: readonly Delivery[]): string {
  return `set -e
${noteFunction}
${command`note ${deliveries.map(({ file, path }) => `${file.sha256} ${path}`)}`}`;
}

/** Where files wait that belong into a folder: on its own file system, so that each takes its place whole. */
export function draftFolder(folder: string): string {
  return `${folder}/.keelson`;
}

/** Stops at the first failure. */
const download = `before=$(sums)
missing=()
while read -r sum mode folder name url; do
  draft=${draftFolder("$folder")}/$name
  case "$before" in *"$sum $draft"*) ;; *) missing+=(-o "$draft" "$url") ;; esac
done <<<"$files"
failed=0
if [ \${#missing[@]} = 0 ]; then :
elif command -v curl >/dev/null; then curl -fsS --fail-early --retry 3 --connect-timeout 10 "\${missing[@]}" || failed=1
else
  for ((i = 1; i < \${#missing[@]}; i += 3)); do get "\${missing[i + 1]}" "\${missing[i]}" || { failed=1; break; }; done
fi`;

/** Files of one mode, or for one folder, go together. Where a download failed, that says enough of what is not whole. */
const place = `found=$(sums)
declare -A withMode into
whole=()
while read -r sum mode folder name url; do
  draft=${draftFolder("$folder")}/$name
  case "$found" in
  *"$sum $draft"*) withMode[$mode]+=" $draft"; into[$folder]+=" $draft"; whole+=("$sum $folder/$name") ;;
  *) [ $failed = 1 ] || { echo "$url has another checksum than $sum" >&2; wrong=1; } ;;
  esac
done <<<"$files"
failed=\${wrong:-$failed}
for mode in "\${!withMode[@]}"; do chmod "$mode" \${withMode[$mode]}; done
for folder in "\${!into[@]}"; do mv -f -t "$folder" \${into[$folder]}; done
[ \${#whole[@]} = 0 ] || note "\${whole[@]}"`;

/**
 * A minimal host has no curl: then plain HTTP is read by bash itself, which is fastest, and HTTPS by the helper of apt.
 */
const getFunction = String.raw`get() {
  case "$1" in
  http://*) ;;
  *) /usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "$1" "$2" >/dev/null; return ;;
  esac
  rest=${"$"}{1#http://}; host=${"$"}{rest%%/*}; port=80
  case $host in *:*) port=${"$"}{host##*:}; host=${"$"}{host%:*} ;; esac
  exec 3<>"/dev/tcp/$host/$port" || return
  printf "GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n" "${"$"}{rest#*/}" "$host" >&3 || return
  IFS= read -r status <&3 || return
  case $status in *" 200"*) ;; *) echo "$1: $status" >&2; return 1 ;; esac
  while IFS= read -r line <&3; do [ -n "${"$"}{line%?}" ] || break; done
  cat <&3 >"$2" || return
  exec 3>&-
}`;

/** `<sum> <path>` of each draft: openssl uses what the processor has for it, and a minimal host may lack it. */
const sumsFunction = `sums() {
  drafts=()
  while read -r _ _ folder name _; do
    draft=${draftFolder("$folder")}/$name
    [ ! -f "$draft" ] || drafts+=("$draft")
  done <<<"$files"
  [ \${#drafts[@]} != 0 ] || return 0
  if command -v openssl >/dev/null; then openssl dgst -sha256 -r "\${drafts[@]}"; else sha256sum "\${drafts[@]}"; fi | sed 's/ [* ]/ /'
}`;

/**
 * Arguments: `<sum> <path>` of each file. Their lines replace older ones, so that the list does not grow; the write is one
 * rename. awk is told the sums, then what stat says of the files, and then the lines of before, of which it keeps the
 * others. Where SELinux is on, a program only runs from a file that is labelled as one; a folder's label is not enough.
 */
const noteFunction = `note() {
  [ ! -e /sys/fs/selinux/enforce ] || printf '%s\\n' "$@" | cut -d ' ' -f 2- | xargs -d '\\n' restorecon -F
  mkdir -p ${paths.state}; touch ${paths.sums}
  (flock 8; seen=$(printf '%s\\n' "$@" | cut -d ' ' -f 2- | xargs -d '\\n' stat -Lc '= %i:%s:%.9Y:%.9Z %n')
  { printf '%s\\n' "$@"; echo "$seen"; } |
  awk 'NF == 2 { sum[$2] = $1; next } $1 == "=" { print sum[$3], $2, $3; next } !($3 in sum)' - ${paths.sums} >${paths.sums}.new
  mv ${paths.sums}.new ${paths.sums}) 8>${paths.sums}.lock
}`;
