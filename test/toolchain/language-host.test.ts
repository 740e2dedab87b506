import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtLanguageHost, languageHost, writeLauncher } from "../../toolchain/language-host.ts";

describe("the launcher of a built language host", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "keelson test-"));
    await writeLauncher(join(directory, languageHost));
    await writeFile(join(directory, builtLanguageHost), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
  });
  afterEach(() => rm(directory, { recursive: true }));

  function start(): string[] {
    const said = execFileSync(join(directory, languageHost), ["127.0.0.1:1"], { cwd: directory });
    return said.toString().trimEnd().split("\n");
  }

  it("gives it the options of the project as flags", async () => {
    const options = [
      "    # Node runs it.",
      "    typescript: false",
      "    nodeargs: --conditions=a --no-warnings",
    ];
    const runtime = ["runtime:", "  name: nodejs", "  options:", ...options];
    await writeFile(join(directory, "Pulumi.yaml"), ["name: a", ...runtime, "main: index.ts", ""].join("\n"));
    assert.deepEqual(start(), ["-typescript=false", "-nodeargs=--conditions=a --no-warnings", "127.0.0.1:1"]);
  });

  it("gives it none where the project has none, or is not there", async () => {
    assert.deepEqual(start(), ["127.0.0.1:1"]);
    await writeFile(join(directory, "Pulumi.yaml"), "name: a\nruntime: nodejs\n");
    assert.deepEqual(start(), ["127.0.0.1:1"]);
  });
});
