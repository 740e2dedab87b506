import assert from "node:assert/strict";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import { settleLeftovers } from "../../bootstrap/leftovers.ts";
import { FakeRunner } from "../support/fake-runner.ts";

const facts = blankFacts({ name: "cp1" });
const signal = new AbortController().signal;

describe("settleLeftovers", () => {
  it("stops imports that a killed run left running beside packages, and waits for those", async () => {
    const heard: string[] = [];
    const answers = [0, 3];
    const runner = new FakeRunner("cp1", [
      [/^systemctl stop/, ""],
      [/^systemctl is-active/, () => ({ exitCode: answers.shift() ?? 3 })],
    ]);
    const [packages, ...imports] = ["packages", "images-55555555", "images-66666666"].map(
      (name) => `keelson-run-${name}.service`,
    );
    const running = [packages ?? "", ...imports];

    const isSettled = await settleLeftovers(
      runner,
      { ...facts, running },
      {
        signal,
        log: (_, line) => heard.push(line),
      },
    );

    assert.ok(isSettled);
    assert.deepEqual(runner.commands, [
      `systemctl stop ${imports.join(" ")}`,
      ...Array.from({ length: 2 }, () => `systemctl is-active --quiet ${packages ?? ""}`),
    ]);
    assert.deepEqual(heard, [`an earlier run left ${running.join(", ")} behind`]);
  });

  it("says that there was nothing", async () => {
    assert.equal(
      await settleLeftovers(new FakeRunner("cp1"), facts, { signal, log: () => undefined }),
      false,
    );
  });
});
