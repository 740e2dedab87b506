import { basename, dirname, join } from "node:path";
import { command, quote } from "../remote/quote.ts";
import type { Bundle, BundleFile } from "../toolchain/bundle.ts";
import { paths } from "./paths.ts";
import { runUnit } from "./unit.ts";
import type { ChangeContext, HostView } from "./view.ts";

/** A file of the bundle and where it belongs on the host. */
export interface Delivery {
  readonly file: BundleFile;
  readonly path: string;
  readonly mode: number;
}

/**
 * Brings files of the bundle to the host: from its mirror if it has one, else over SSH. Each is verified before it
 * takes its place, and its checksum is noted, so that later looks need not read it.
 */
export async function fetchFiles(
  context: ChangeContext,
  { host, bundle }: Pick<HostView, "host" | "bundle">,
  { name, deliveries }: { readonly name: string; readonly deliveries: readonly Delivery[] },
): Promise<void> {
  if (host.mirror === undefined) {
    for (const { file, path, mode } of deliveries) {
      const options = { mode, sha256: file.sha256, signal: context.signal };
      await context.runner.upload(join(bundle.directory, file.path), path, options);
    }
    await context.runner.run(noteSums(deliveries), { signal: context.signal });
    return;
  }
  const script = downloadScript(mirrorUrl(host.mirror, bundle), deliveries);
  await runUnit(context, { name, script, deadlineSeconds: 900 });
}

/** Binaries and CNI plugins have their folders; image archives wait in the downloads folder until they are imported. */
export function deliveryOf(file: BundleFile): Delivery {
  if (file.kind === "images") {
    return { file, path: `${paths.downloads}/${file.sha256}.tar`, mode: 0o600 };
  }
  const folder = file.kind === "cniPlugin" ? paths.cniPlugins : paths.binaries;
  return { file, path: `${folder}/${file.name}`, mode: 0o755 };
}

/** Sum of the files' sizes, for an intent: `182 MiB`. */
export function sizeOf(files: readonly BundleFile[]): string {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return `${String(Math.max(1, Math.round(bytes / 1024 / 1024)))} MiB`;
}

function mirrorUrl(mirror: string, bundle: Bundle): string {
  return `${mirror.replace(/\/$/, "")}/bundles/${encodeURIComponent(basename(bundle.directory))}`;
}

/** Arguments: the address and the file to write. */
const readHttp = String.raw`set -e
rest=${"$"}{1#http://}; host=${"$"}{rest%%/*}; port=80
case $host in *:*) port=${"$"}{host##*:}; host=${"$"}{host%:*} ;; esac
exec 3<>/dev/tcp/$host/$port
printf "GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n" "${"$"}{rest#*/}" "$host" >&3
IFS= read -r status <&3
case $status in *" 200"*) ;; *) echo "$1: $status" >&2; exit 1 ;; esac
while IFS= read -r line <&3; do [ -n "${"$"}{line%?}" ] || break; done
cat <&3 >"$2"`;

function downloadScript(url: string, deliveries: readonly Delivery[]): string {
  const folders = [...new Set(deliveries.map(({ path }) => dirname(path)))];
  const steps = deliveries.map(({ file, path, mode }) => {
    const from = `${url}/${file.path.split("/").map(encodeURIComponent).join("/")}`;
    const to = `${dirname(path)}/.keelson-${basename(path)}`;
    return [
      command`get ${from} ${to}`,
      command`verify ${to} ${file.sha256}`,
      command`chmod ${mode.toString(8)} ${to}`,
      command`mv -f ${to} ${path}`,
    ].join("\n");
  });
  return `set -e
${getFunction}
${verifyFunction}
${command`mkdir -p ${folders}`}
${steps.join("\n")}
${noteSums(deliveries)}`;
}

/**
 * curl where the host has it. A minimal host has none: then plain HTTP is read by bash itself, which is fastest, and
 * HTTPS by the helper of apt.
 */
const getFunction = `get() {
  rm -f "$2"
  if command -v curl >/dev/null; then curl -fsS --retry 3 --connect-timeout 10 -o "$2" "$1"; return; fi
  case "$1" in
  http://*) bash -c ${quote(readHttp)} get "$1" "$2" ;;
  *) /usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "$1" "$2" >/dev/null ;;
  esac
}`;

const verifyFunction = `verify() {
  if command -v openssl >/dev/null; then sum=$(openssl dgst -sha256 -r "$1"); else sum=$(sha256sum "$1"); fi
  [ "\${sum%% *}" = "$2" ] || { echo "$1 has another checksum than $2" >&2; rm -f "$1"; return 1; }
}`;

/** Where SELinux is on, a program only runs from a file that is labelled as one; a folder's label is not enough. */
function relabel(files: readonly string[]): string {
  return command`[ ! -e /sys/fs/selinux/enforce ] || restorecon -F ${files}`;
}

/**
 * Replaces the lines of these paths, so that the list does not grow; the write is one rename. awk is told the sums, then
 * what stat says of the files, and then the lines of before, of which it keeps the others.
 */
function noteSums(deliveries: readonly Delivery[]): string {
  const sums = deliveries.map(({ file, path }) => `${file.sha256} ${path}`);
  const delivered = deliveries.map(({ path }) => path);
  return `set -e
${relabel(delivered)}
mkdir -p ${paths.state}; touch ${paths.sums}
(flock 8; { ${command`printf '%s\\n' ${sums}; stat -Lc '= %i:%s:%.9Y:%.9Z %n' ${delivered}`}; } |
awk 'NF == 2 { sum[$2] = $1; next } $1 == "=" { print sum[$3], $2, $3; next } !($3 in sum)' - ${paths.sums} >${paths.sums}.new
mv ${paths.sums}.new ${paths.sums}) 8>${paths.sums}.lock`;
}
