import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

describe("scripts/with-node.sh", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "with-node-"));
    await cp("scripts/with-node.sh", join(root, "scripts/with-node.sh"));
    await writeFile(join(root, "package-lock.json"), "{}");
    await mkdir(join(root, "bin"));
    // Stands in for npm: says what it was asked, slowly enough for others to come in between.
    const npm = '#!/bin/sh\necho "$1" >>npm.log\nsleep 0.3\nmkdir -p node_modules\n';
    await writeFile(join(root, "bin/npm"), npm);
    await chmod(join(root, "bin/npm"), 0o755);
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });

  async function run(): Promise<string> {
    const path = [join(root, "bin"), dirname(process.execPath), process.env["PATH"] ?? ""].join(":");
    const options = { env: { ...process.env, PATH: path } };
    const { stdout } = await promisify(execFile)(
      "sh",
      [join(root, "scripts/with-node.sh"), "-p", "6*7"],
      options,
    );
    return stdout;
  }

  const installations = async (): Promise<string> => readFile(join(root, "npm.log"), "utf8");

  it("installs once when several commands start together, then runs them", async () => {
    assert.deepEqual(await Promise.all([run(), run(), run()]), ["42\n", "42\n", "42\n"]);
    assert.equal(await installations(), "ci\n");
  });

  it("installs again only when the lock file of npm has changed", async () => {
    await run();
    await run();
    await writeFile(join(root, "package-lock.json"), '{"changed": true}');
    await run();

    assert.equal(await installations(), "ci\nci\n");
  });

  it("takes over from an installation that was killed", async () => {
    await mkdir(join(root, ".keelson"));
    await symlink("pid-999999999", join(root, ".keelson/install.lock"));

    assert.equal(await run(), "42\n");
  });
});
