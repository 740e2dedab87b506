import { posix } from "node:path";
import { quote } from "./quote.ts";

/** Exit code of `readFileCommand` when there is no such file. */
export const noSuchFile = 44;

/** Prints a file; exits with `noSuchFile` if there is none. */
export function readFileCommand(path: string): string {
  return `[ -e ${quote(path)} ] || exit ${noSuchFile}\nexec cat -- ${quote(path)}`;
}

/**
 * Writes standard input to a file at once: a reader sees the old file or the new one, never a part, and a cut
 * connection leaves the old one. A host that is set up gets dozens of files, so that each costs as few processes as it
 * can.
 */
export function writeFileCommand(path: string, options: { sha256: string; mode: number }): string {
  const folder = posix.dirname(path);
  return [
    "set -e",
    `target=${quote(path)}`,
    `[ ! -d "$target" ] || { echo "$target is a folder" >&2; exit 1; }`,
    `[ -d ${quote(folder)} ] || mkdir -p -- ${quote(folder)}`,
    // Never a file that is there, nor where a link leads.
    `temporary=${quote(posix.join(folder, `.${posix.basename(path)}`))}.$$; umask 077; set -C; : >"$temporary"; set +C`,
    `trap 'rm -f -- "$temporary"' EXIT`,
    "trap 'exit 143' HUP INT TERM",
    `cat >"$temporary"`,
    `sum=$(sha256sum <"$temporary")`,
    `[ "\${sum%% *}" = ${quote(options.sha256)} ] || { echo "the SHA-256 of $target is \${sum%% *}, not ${options.sha256}" >&2; exit ${wrongSum}; }`,
    `chmod ${options.mode.toString(8).padStart(4, "0")} "$temporary"`,
    // Not every sync can take one file, and a file system flush is no reason to fail.
    `sync -d "$temporary" 2>/dev/null || :`,
    `mv -f -- "$temporary" "$target"`,
    "trap - EXIT",
  ].join("\n");
}

/** Exit code of `writeFileCommand` when other bytes arrived than were sent. */
export const wrongSum = 45;
