import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { isRunning, parseProcessId, sendSignal, signalProcess } from "../../../machines/nspawn/processes.ts";
import { bootId, startTime } from "../../../toolchain/processes.ts";

const mine = async (): Promise<string> =>
  `${String(process.pid)} ${(await startTime(process.pid)) ?? ""} ${await bootId()}\n`;

describe("a recorded process", () => {
  it("is running when number, start and boot agree", async () => {
    assert.equal(await isRunning(parseProcessId(await mine())), true);
  });

  const rows = [
    ["start", (line: string) => line.replace(/ \d+ /, " 1 ")],
    ["boot", (line: string) => line.replace(/ \S+\n/, " 00000000-0000-0000-0000-000000000000\n")],
  ] as const;
  for (const [name, change] of rows) {
    it(`is another one when the ${name} differs, and gets no signal`, async () => {
      const other = parseProcessId(change(await mine()));

      assert.equal(await isRunning(other), false);
      await signalProcess(other, "SIGKILL");
    });
  }

  it("ends by a signal when it is the one", async () => {
    const child = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)"]);
    const { pid = 0 } = child;
    const line = `${String(pid)} ${(await startTime(pid)) ?? ""} ${await bootId()}`;

    await signalProcess(parseProcessId(line), "SIGKILL");

    assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
    assert.equal(await isRunning(parseProcessId(line)), false);
  });

  it("is unknown when its record is cut short", async () => {
    for (const line of [undefined, "", "12", "12 34", "x 34 boot"]) {
      assert.equal(parseProcessId(line), undefined);
    }
    assert.equal(await isRunning(undefined), false);
  });
});

describe("sendSignal", () => {
  it("is silent about a process that has ended", async () => {
    const child = spawn("true");
    await once(child, "exit");

    assert.doesNotThrow(() => {
      sendSignal(child.pid ?? 0, "SIGKILL");
    });
  });
});
