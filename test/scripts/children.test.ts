import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, watch, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Children } from "../../scripts/testing/children.ts";
import { e2eFiles } from "../../scripts/testing/e2e.ts";
import { findLeftovers } from "../../scripts/testing/leftovers.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "keelson-children-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** Resolves when the child wrote the file of this name. */
async function appears(name: string): Promise<void> {
  for await (const event of watch(directory)) if (event.filename === name) return;
}

describe("Children", () => {
  it("returns the exit code and both streams of a quiet child", async () => {
    const program = "console.log('out'); console.error('err'); process.exitCode = 3;";

    const { exitCode, output } = await new Children().node(["-e", program], { quiet: true });

    assert.equal(exitCode, 3);
    assert.deepEqual(output.trim().split("\n").sort(), ["err", "out"]);
  });

  it("passes an interrupt on once, to the child and to what the child started", async () => {
    const grandchild = `
      process.on('SIGINT', () => { require('fs').appendFileSync('${directory}/grandchild', 'x'); process.exit(0); });
      require('fs').writeFileSync('${directory}/ready', '');
      setInterval(() => {}, 1000);`;
    const program = `
      let count = 0;
      process.on('SIGINT', () => { count += 1; });
      require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}])
        .on('close', () => { console.log('signals: ' + count); });`;
    const children = new Children();
    const ready = appears("ready");
    const running = children.node(["-e", program], { quiet: true });
    await ready;

    children.interrupt();

    assert.equal((await running).output, "signals: 1\n");
    assert.equal(await readFile(join(directory, "grandchild"), "utf8"), "x");
    assert.equal(children.interrupted, true);
  });
});

describe("findLeftovers()", () => {
  it("names a process that was given the state folder, and nothing once it is gone", async () => {
    const state = join(directory, "state");
    const children = new Children();
    const ready = appears("ready");
    const program = `require('fs').writeFileSync('${directory}/ready', ''); setInterval(() => {}, 1000);`;
    const running = children.node(["-e", program], { env: { KEELSON_STATE: state }, quiet: true });
    await ready;

    const left = await findLeftovers(state);
    children.interrupt();
    await running;

    assert.equal(left.length, 1);
    assert.match(left[0] ?? "", /^process \d+: .*node/);
    assert.deepEqual(await findLeftovers(state), []);
  });
});

describe("e2eFiles()", () => {
  it("puts what needs the computer for itself first, then the longest, and files without a place last", async () => {
    for (const name of ["ha", "another", "machines", "bare-metal"]) {
      await writeFile(join(directory, `${name}.test.ts`), "");
    }

    const names = (await e2eFiles(directory)).map((path) => path.slice(directory.length + 1));

    assert.deepEqual(names, ["machines.test.ts", "bare-metal.test.ts", "ha.test.ts", "another.test.ts"]);
  });
});
