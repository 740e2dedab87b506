import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { removeDeadLocks } from "../../../stacks/engine/backend-lock.ts";
import { hasStack, openState, type StateFolder } from "../../../stacks/engine/state.ts";
import { skipBecause } from "../../support/skip.ts";

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
    if (process.platform !== "linux") skipBecause(this, "only Linux tells the name of a process");
    await lockedBy(process.pid, hostname());
    await removeDeadLocks(state, "keelson", "local");
    assert.deepEqual(await readdir(folder), []);
  });

  it("goes if its owner was killed and is not buried yet", async function () {
    if (process.platform !== "linux") skipBecause(this, "only Linux shows the dead in /proc");
    await symlink("/bin/cat", join(state.path, "pulumi"));
    // The sleep is the parent of the other program and never asks what became of it; the shell before it would.
    const parent = spawn("sh", ["-c", '"$0" <&3 & echo $!; exec sleep 600', join(state.path, "pulumi")], {
      stdio: ["ignore", "pipe", "inherit", "pipe"],
    });
    try {
      assert.ok(parent.stdout);
      const pid = Number(await once(parent.stdout, "data"));
      while ((await readFile(`/proc/${String(parent.pid)}/comm`, "utf8")) !== "sleep\n") await nextTurn();
      (parent.stdio[3] as Writable).end();
      while (!/^State:\tZ/m.test(await readFile(`/proc/${pid}/status`, "utf8"))) await nextTurn();
      await lockedBy(pid, hostname());

      await removeDeadLocks(state, "keelson", "local");

      assert.deepEqual(await readdir(folder), []);
    } finally {
      parent.kill("SIGKILL");
      await once(parent, "close");
    }
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
