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
 * A script that downloads files from below the address, into a folder beside their places. They take these only when all
 * of them are whole. Few processes do it: one for each step and file would take longer than the bytes.
 */
export function downloadScript(address: string, deliveries: readonly Delivery[]): string {
  const files = deliveries.map(({ file, path, mode }) => ({
    sha256: file.sha256,
    mode: mode.toString(8),
    folder: dirname(path),
    draft: `${draftFolder(dirname(path))}/${basename(path)}`,
    url: `${address}/${file.path.split("/").map(encodeURIComponent).join("/")}`,
  }));
  const drafts = files.map(({ draft }) => draft);
  const folders = [...new Set(files.map(({ folder }) => folder))];
  const draftFolders = folders.map(draftFolder);
  const inFolder = (folder: string): readonly string[] =>
    files.filter((file) => file.folder === folder).map(({ draft }) => draft);
  const modes = [...new Set(files.map(({ mode }) => mode))];
  const withMode = (mode: string): readonly string[] =>
    files.filter((file) => file.mode === mode).map(({ draft }) => draft);
  const transfers = files.flatMap(({ draft, url }) => ["-o", draft, url]);
  return `${inBash}
set -e
${command`rm -rf ${draftFolders} && mkdir -p ${draftFolders}`}
trap ${quote(command`rm -rf ${draftFolders}`)} EXIT
${getFunction}
if command -v curl >/dev/null; then
${command`curl -fsS --fail-early --retry 3 --connect-timeout 10 ${transfers}`}
else
${files.map(({ draft, url }) => command`get ${url} ${draft}`).join("\n")}
fi
${sumsFunction}
wanted=${quote(files.map(({ sha256, draft }) => `${sha256} ${draft}`).join("\n"))}
found=$(${command`sums ${drafts}`})
[ "$found" = "$wanted" ] || { echo "other checksums than wanted:"; echo "$found" | grep -vxF "$wanted"; exit 1; } >&2
${modes.map((mode) => command`chmod ${mode} ${withMode(mode)}`).join("\n")}
${folders.map((folder) => command`mv -f -t ${folder} ${inFolder(folder)}`).join("\n")}
${noteSums(deliveries)}`;
}

/**
 * Notes the checksums of files that were delivered, so that later looks need not read them. Their lines replace older ones,
 * so that the list does not grow; the write is one rename. awk is told the sums, then what stat says of the files, and then
 * the lines of before, of which it keeps the others.
 */
export function noteSums(deliveries: readonly Delivery[]): string {
  const sums = deliveries.map(({ file, path }) => `${file.sha256} ${path}`);
  const delivered = deliveries.map(({ path }) => path);
  return `set -e
${relabel(delivered)}
mkdir -p ${paths.state}; touch ${paths.sums}
(flock 8; seen=$(${command`stat -Lc '= %i:%s:%.9Y:%.9Z %n' ${delivered}`}); { ${command`printf '%s\\n' ${sums}`}; echo "$seen"; } |
awk 'NF == 2 { sum[$2] = $1; next } $1 == "=" { print sum[$3], $2, $3; next } !($3 in sum)' - ${paths.sums} >${paths.sums}.new
mv ${paths.sums}.new ${paths.sums}) 8>${paths.sums}.lock`;
}

/** Where files wait that belong into a folder: on its own file system, so that each takes its place whole. */
export function draftFolder(folder: string): string {
  return `${folder}/.keelson`;
}

/** bash reads HTTP by itself. */
const inBash = `[ -n "$BASH_VERSION" ] || exec bash "$0"`;

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
  exec 3<>"/dev/tcp/$host/$port"
  printf "GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n" "${"$"}{rest#*/}" "$host" >&3
  IFS= read -r status <&3
  case $status in *" 200"*) ;; *) echo "$1: $status" >&2; return 1 ;; esac
  while IFS= read -r line <&3; do [ -n "${"$"}{line%?}" ] || break; done
  cat <&3 >"$2"
  exec 3>&-
}`;

/** `<sum> <path>` of each file: openssl uses what the processor has for it, and a minimal host may lack it. */
const sumsFunction = `sums() {
  if command -v openssl >/dev/null; then openssl dgst -sha256 -r "$@"; else sha256sum "$@"; fi | sed 's/ [* ]/ /'
}`;

/** Where SELinux is on, a program only runs from a file that is labelled as one; a folder's label is not enough. */
function relabel(files: readonly string[]): string {
  return command`[ ! -e /sys/fs/selinux/enforce ] || restorecon -F ${files}`;
}
