import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { removeDeadLocks } from "../../../stacks/engine/backend-lock.ts";
import { hasStack, openState, type StateFolder } from "../../../stacks/engine/state.ts";

describe("the lock of a stack", () => {
  let state: StateFolder;
  let folder: string;

  beforeEach(async () => {
    state = await openState(await mkdtemp(join(tmpdir(), "keelson-state-")));
    folder = join(state.backend, ".pulumi/locks/organization/keelson/local");
    await mkdir(folder, { recursive: true });
  });

  afterEach(() => rm(state.path, { recursive: true }));

  async function lockedBy(pid: number, host: string): Promise<void> {
    const owner = { pid, username: "ada", hostname: host, timestamp: "2026-01-01T00:00:00Z" };
    await writeFile(join(folder, "one.json"), JSON.stringify(owner));
  }

  it("goes if its owner died on this computer", async () => {
    await lockedBy(2 ** 22 + 1, hostname());
    await removeDeadLocks(state, "keelson", "local");
    assert.deepEqual(await readdir(folder), []);
  });

  it("goes if another program has the pid of its owner by now", async function () {
    if (process.platform !== "linux") {
      console.log("Skipped: only Linux tells the name of a process");
      this.skip();
    }
    await lockedBy(process.pid, hostname());
    await removeDeadLocks(state, "keelson", "local");
    assert.deepEqual(await readdir(folder), []);
  });

  it("stays if its owner is on another computer, and is named", async () => {
    await lockedBy(1, "elsewhere");
    await assert.rejects(removeDeadLocks(state, "keelson", "local"), {
      code: "KEELSON_LOCKED",
      message: /process 1 of ada on elsewhere since 2026-01-01/,
    });
    assert.deepEqual(await readdir(folder), ["one.json"]);
  });

  it("is no matter for a stack that was never locked", async () => {
    await removeDeadLocks(state, "keelson", "other");
    assert.equal(await hasStack(state, "keelson", "other"), false);
  });

  it("lies in a folder whose passphrase only its owner can read, and which stays the same", async () => {
    const passphrase = state.env["PULUMI_CONFIG_PASSPHRASE_FILE"]!;
    const before = await stat(passphrase);
    assert.equal(before.mode & 0o777, 0o600);
    await openState(state.path);
    assert.equal((await stat(passphrase)).mtimeMs, before.mtimeMs);
  });
});
