import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a shell that was counted printed, and the programs that it started, by their names, one by one. */
export interface Counted {
  readonly stdout: string;
  readonly programs: readonly string[];
}

/** Runs shell scripts on this computer and counts the programs that they start by name. Close it at the end. */
export class CountedShell {
  readonly #folder = mkdtempSync(join(tmpdir(), "keelson-counted-"));
  readonly #bin = join(this.#folder, "bin");
  readonly #log = join(this.#folder, "log");

  /** Each program is a link to a script that notes its own name and hands over to the real one. */
  constructor() {
    const note = join(this.#folder, "note");
    const real = places.join(":");
    mkdirSync(this.#bin);
    writeFileSync(
      note,
      `#!/bin/sh\nname=\${0##*/}; echo "$name" >>${this.#log}; PATH=${real} exec "$name" "$@"\n`,
      { mode: 0o755 },
    );
    for (const name of new Set(places.flatMap(namesIn))) symlinkSync(note, join(this.#bin, name));
  }

  run(args: readonly string[], input: string): Counted {
    writeFileSync(this.#log, "");
    const { stdout } = spawnSync("/bin/sh", args, { input, encoding: "utf8", env: { PATH: this.#bin } });
    return { stdout, programs: readFileSync(this.#log, "utf8").split("\n").filter(Boolean) };
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

const places = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

function namesIn(place: string): readonly string[] {
  try {
    return readdirSync(place);
  } catch {
    return [];
  }
}
