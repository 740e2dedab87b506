import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";

/** The name under which the engine looks for the language host of Node programs. */
export const languageHost = "pulumi-language-nodejs";

/** The name of the program that {@link launcher} starts, in the same folder. */
export const builtLanguageHost = `${languageHost}-built`;

/**
 * What stands in for a language host built from its Go module. The newest module there is knows the options of
 * `Pulumi.yaml` as flags, and today's engine sends them in a request that it does not read. The engine starts it in the
 * project's folder.
 */
export const launcher = `#!/bin/sh
# Gives the options of the project's runtime to a language host that knows them as flags alone.
option() {
  sed -n "s/^ *$1: *//p" Pulumi.yaml 2>/dev/null | head -n 1
}
for name in nodeargs tsconfig typescript; do
  value=$(option "$name")
  [ -z "$value" ] || set -- "-$name=$value" "$@"
done
exec "$(dirname "$0")/${builtLanguageHost}" "$@"
`;

/** Writes the launcher, unless it is there. */
export async function writeLauncher(path: string): Promise<void> {
  const there = await readFile(path, "utf8").catch(() => "");
  if (there === launcher) return;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, launcher);
  await chmod(draft, 0o755);
  await rename(draft, path);
}
