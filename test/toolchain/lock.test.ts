import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeelsonError } from "../../errors.ts";
import { readOwner, withLock } from "../../toolchain/lock.ts";
import { startTime } from "../../toolchain/processes.ts";

describe("withLock", () => {
  let directory: string;
  let path: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "keelson-lock-"));
    path = join(directory, "lock");
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(directory, { recursive: true });
  });

  /** A process that takes the lock, prints one line and keeps it until its stdin ends. */
  async function holder(): Promise<ChildProcess> {
    const lock = new URL("../../toolchain/lock.ts", import.meta.url).href;
    const script = `import {withLock} from ${JSON.stringify(lock)};
      await withLock(${JSON.stringify(path)}, "hold it", async () => {
        console.log("held");
        for await (const _ of process.stdin);
      });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(child);
    await once(child.stdout, "data");
    return child;
  }

  it("returns what the work returns and leaves no file behind", async () => {
    assert.equal(await withLock(path, "work", async () => Promise.resolve(7)), 7);
    assert.deepEqual(await readdir(directory), []);
  });

  it("frees the lock when the work fails", async () => {
    await assert.rejects(
      withLock(path, "fail", async () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.equal(await readOwner(path), undefined);
  });

  it("lets one of many through at a time", async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, async () => withLock(path, "work", work)));
    assert.equal(most, 1);
  });

  it("waits for another process, names it once and goes on when it is done", async () => {
    const child = await holder();
    const waits: string[] = [];
    await withLock(path, "mine", async () => Promise.resolve(), {
      onWait: (message) => {
        waits.push(message);
        child.stdin?.end();
      },
    });
    assert.equal(waits.length, 1);
    assert.match(waits[0]!, new RegExp(`^Waiting for process ${child.pid} on .*: hold it, since `));
  });

  it("takes over at once from a process that was killed", async () => {
    const child = await holder();
    child.kill("SIGKILL");
    await once(child, "exit");
    const waits: string[] = [];
    await withLock(path, "mine", async () => Promise.resolve(), { onWait: (message) => waits.push(message) });
    assert.deepEqual(waits, []);
    assert.deepEqual(await readdir(directory), []);
  });

  it("removes what processes left that were killed while they took it, and nothing of living ones", async () => {
    const child = await holder();
    const owner = await readOwner(path);
    assert.ok(owner);
    await writeFile(`${path}.${owner.id}`, JSON.stringify(owner));
    child.kill("SIGKILL");
    await once(child, "exit");
    const self = { ...owner, id: "living", pid: process.pid, started: await startTime(process.pid) };
    await writeFile(`${path}.living`, JSON.stringify(self));

    await withLock(path, "next", async () => Promise.resolve());

    assert.deepEqual(await readdir(directory), ["lock.living"]);
  });

  it("does not mistake a later process of the same pid for the owner", async () => {
    await withLock(path, "record", async () => {
      const record = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
      await writeFile(path, JSON.stringify({ ...record, id: "earlier", started: "1" }));
    });
    assert.equal((await readOwner(path))?.id, "earlier");
    assert.equal(await withLock(path, "mine", async () => Promise.resolve("mine")), "mine");
  });

  it("lets only one of many waiters in after the owner died", async () => {
    await withLock(path, "record", async () => {
      const record = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
      await writeFile(path, JSON.stringify({ ...record, id: "dead", started: "1" }));
    });
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, async () => withLock(path, "work", work)));
    assert.equal(most, 1);
    assert.deepEqual(await readdir(directory), []);
  });

  it("follows a breaker that died half way", async () => {
    await withLock(path, "record", async () => {
      const record = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
      const dead = JSON.stringify({ ...record, id: "dead", started: "1" });
      await writeFile(path, dead);
      await writeFile(`${path}.break.dead.0`, dead);
    });
    assert.equal(await withLock(path, "mine", async () => Promise.resolve("in")), "in");
    assert.deepEqual(await readdir(directory), []);
  });

  it("waits for an owner on another host, and stops waiting when it is cancelled", async () => {
    await withLock(path, "record", async () => {
      const record = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
      await writeFile(path, JSON.stringify({ ...record, id: "far", host: "elsewhere", pid: 1 }));
    });
    const controller = new AbortController();
    const waiting = withLock(path, "mine", async () => Promise.resolve(), {
      signal: controller.signal,
      onWait: () => {
        controller.abort();
      },
    });
    await assert.rejects(waiting, (error) => KeelsonError.is(error) && error.code === "KEELSON_ABORTED");
  });

  it("names a lock file that is no record", async () => {
    await writeFile(path, "half a rec");
    const waiting = withLock(path, "mine", async () => Promise.resolve());
    await assert.rejects(waiting, (error) => KeelsonError.is(error) && error.code === "KEELSON_LOCKED");
  });
});
