import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileCommand } from "../../remote/file-commands.ts";
import { CountedShell } from "../support/counted-programs.ts";

describe("the command that writes a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-write-"));
  const shell = new CountedShell();
  after(() => {
    shell.close();
    rmSync(folder, { recursive: true });
  });

  it("starts five programs, and one more for a folder that is missing", () => {
    const write = (path: string): readonly string[] => {
      const sha256 = createHash("sha256").update("content").digest("hex");
      const line = writeFileCommand(path, { sha256, mode: 0o640 });
      return shell.run(["-c", line], "content").programs;
    };
    const usual = ["cat", "sha256sum", "chmod", "sync", "mv"];
    const path = join(folder, "a folder", "it's a file");

    assert.deepEqual(write(path), ["mkdir", ...usual]);
    assert.deepEqual(write(path), usual);
    assert.equal(readFileSync(path, "utf8"), "content");
    assert.equal(statSync(path).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(join(folder, "a folder")), ["it's a file"]);
  });
});
