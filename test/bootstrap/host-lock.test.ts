import assert from "node:assert/strict";
import { withHostLock } from "../../bootstrap/host-lock.ts";
import { FakeRunner } from "../support/fake-runner.ts";

describe("withHostLock", () => {
  const { signal } = new AbortController();
  const busy = "busy ann@laptop (process 4711) since 2026-01-01T00:00:00Z\n";
  const answering = (...answers: string[]): FakeRunner =>
    new FakeRunner("w1").when([/flock -n 9/, () => answers.shift() ?? "held\n"]);

  it("says who has the lock, waits for it and works", async () => {
    const lines: string[] = [];
    const onWaiting = (line: string): void => {
      lines.push(line);
    };
    const done = await withHostLock(answering(busy, busy), signal, () => Promise.resolve("done"), {
      pauseMs: 1,
      onWaiting,
    });
    assert.equal(done, "done");
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /^waits for the lock of the host, which ann@laptop \(process 4711\) since/);
  });

  it("gives up after a while and names the owner", async () => {
    const waiting = withHostLock(answering(busy), signal, () => assert.fail(), { patienceMs: 0 });
    await assert.rejects(waiting, { code: "KEELSON_LOCKED", message: /ann@laptop \(process 4711\) since/ });
  });

  it("leaves its own name there", async () => {
    const runner = answering();
    await withHostLock(runner, signal, () => Promise.resolve());
    assert.match(runner.commands[0] ?? "", new RegExp(`\\(process ${String(process.pid)}\\) since `));
  });

  it("ends with the run", async () => {
    const abort = new AbortController();
    const onWaiting = (): void => {
      abort.abort();
    };
    const waiting = withHostLock(answering(busy), abort.signal, () => assert.fail(), { onWaiting });
    await assert.rejects(waiting, { code: "KEELSON_ABORTED" });
  });
});
