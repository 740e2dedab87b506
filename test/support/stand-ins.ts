import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of shell scripts that stand in for programs, to be put before the PATH. */
export interface StandIns {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Writes scripts under the names of the programs that they stand in for. */
export async function standIns(scripts: Readonly<Record<string, string>>): Promise<StandIns> {
  const path = await mkdtemp(join(tmpdir(), "keelson-stand-ins-"));
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(path, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(path, name), 0o755);
  }
  return { path, remove: () => rm(path, { recursive: true }) };
}

/** A user that is not root. */
export const ordinaryUser = `[ "$1" = -u ] && echo 1000`;

/** A sudo that wants this password for everything, and reads it byte by byte as the real one does. */
export function sudoWithPassword(password: string): string {
  return [
    `if [ "$1" = -n ]; then echo "sudo: a password is required" >&2; exit 1; fi`,
    `[ "$1" = -S ] && [ "$2" = -p ] || exit 64`,
    `prompt=$3; shift 4; tries=0`,
    "while [ $tries -lt 3 ]; do",
    `  printf %s "$prompt" >&2`,
    `  IFS= read -r given || { echo >&2; echo "sudo: no password was provided" >&2; exit 1; }`,
    `  [ "$given" = '${password}' ] && exec "$@"`,
    `  echo "Sorry, try again." >&2; tries=$((tries + 1))`,
    "done",
    `echo "sudo: 3 incorrect password attempts" >&2; exit 1`,
  ].join("\n");
}
