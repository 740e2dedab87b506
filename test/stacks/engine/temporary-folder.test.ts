import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { temporaryFolder } from "../../../stacks/engine/temporary-folder.ts";

describe("temporaryFolder", () => {
  let parent: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "keelson-test-"));
  });

  afterEach(() => rm(parent, { recursive: true }));

  it("is its owner's alone, and goes with everything in it", async () => {
    const folder = await temporaryFolder(parent);
    await writeFile(join(folder.path, "kubeconfig1"), "secret");

    assert.equal((await stat(folder.path)).mode & 0o777, 0o700);
    await folder.remove();
    assert.deepEqual(await readdir(parent), []);
  });

  it("stays while another run begins", async () => {
    const first = await temporaryFolder(parent);
    const second = await temporaryFolder(parent);

    assert.deepEqual(
      (await readdir(parent)).sort(),
      [first, second].map(({ path }) => basename(path)).sort(),
    );
  });

  it("goes when all its users are gone, and not before", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
    const path = await abandonedBy(child.pid);

    await temporaryFolder(parent);
    await access(path);
    child.kill("SIGKILL");
    await once(child, "exit");
    await temporaryFolder(parent);
    await assert.rejects(access(path), { code: "ENOENT" });
  });

  it("leaves alone what has no list of users", async () => {
    await mkdir(join(parent, "keelson-run-strange"));

    await temporaryFolder(parent);

    await access(join(parent, "keelson-run-strange"));
  });

  /** The folder of a run that was killed, while the process that it had started lives on. */
  async function abandonedBy(pid: number | undefined): Promise<string> {
    const module = join(import.meta.dirname, "../../../stacks/engine/temporary-folder.ts");
    const program = `import { temporaryFolder } from ${JSON.stringify(module)};
      const folder = await temporaryFolder(${JSON.stringify(parent)});
      await folder.addUser(${String(pid)});
      console.log(folder.path);
      process.kill(process.pid, "SIGKILL");`;
    const run = spawn(process.execPath, ["--input-type=module", "--eval", program]);
    let path = "";
    run.stdout.on("data", (chunk: Buffer) => (path += chunk.toString()));
    await once(run, "close");
    return path.trim();
  }
});
