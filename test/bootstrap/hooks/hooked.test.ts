import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { hooked } from "../../../bootstrap/hooks/hooked.ts";
import { workerPlan } from "../../../bootstrap/plan.ts";
import { runPlan } from "../../../bootstrap/run-plan.ts";
import type { ChangeContext, Phase } from "../../../bootstrap/view.ts";
import { hookProblems } from "../../../clusters/settings/hooks.ts";
import type { Hook, HookPoint, Hooks } from "../../../clusters/settings/hooks.ts";
import { KeelsonError } from "../../../errors.ts";
import { blankView, clusterHost, operationOn, viewOf } from "../../support/bootstrap.ts";
import { FakeRunner } from "../../support/fake-runner.ts";
import { SimulatedHost } from "../../support/simulated-host.ts";

const script = "echo a-secret-of-the-hook";
const hooks: Hooks = {
  "20-tell": { after: "kernel", script },
  "10-check": { after: "kernel", script },
  ask: { before: "kernel", script },
  other: { before: "join", script },
};

function phase(...intents: readonly string[]): Phase {
  return {
    title: "kernel",
    plan: () => intents.map((intent) => ({ intent, work: () => Promise.resolve() })),
  };
}

function planned(inner: Phase, wanted: Hooks, dueHooks: readonly string[] = []): readonly string[] {
  const host = clusterHost("worker", { hooks: wanted });
  const view = blankView("worker", { host, facts: { ...blankFacts(host), dueHooks } });
  return hooked("kernel", inner)
    .plan(view)
    .map(({ intent }) => intent);
}

describe("hooked", () => {
  it("puts the hooks of its place around what changes, in the order of their names", () => {
    assert.deepEqual(planned(phase("set sysctls", "load modules"), hooks), [
      'run hook "ask" before kernel',
      "set sysctls",
      "load modules",
      'run hook "10-check" after kernel',
      'run hook "20-tell" after kernel',
    ]);
  });

  it("runs nothing where nothing changes, but for what an earlier run still owes", () => {
    assert.deepEqual(planned(phase(), hooks), []);
    assert.deepEqual(planned(phase(), hooks, ["20-tell", "ask"]), ['run hook "20-tell" after kernel']);
    assert.deepEqual(planned(phase(), {}, ["20-tell"]), []);
  });

  it("shows the script in no command line, and takes the file with it", async () => {
    const runner = new FakeRunner("w1", [
      [/systemd-run/, ""],
      [/^rm -f /, ""],
    ]);
    const host = clusterHost("worker", { hooks });
    const [first] = hooked("kernel", phase("set sysctls")).plan(blankView("worker", { host }));
    await first?.work(context(runner));

    assert.equal(runner.files.get("/run/keelson/hooks/ask")?.toString(), script);
    assert.equal(runner.modes.get("/run/keelson/hooks/ask"), 0o600);
    assert.ok(runner.ran.every(({ command, stdin }) => !`${command}${stdin}`.includes("a-secret")));
    assert.equal(runner.commands.at(-1), "rm -f /run/keelson/hooks/ask");
  });

  it("says which hook failed on which host, and what it wrote last", async () => {
    const stderr = "keelson: verdict\nit ended with exit code 3\nno such disk\n";
    const runner = new FakeRunner("w1", [
      [/systemd-run/, { exitCode: 1, stderr }],
      [/^rm -f /, ""],
    ]);
    const host = clusterHost("worker", { hooks });
    const [first] = hooked("kernel", phase("set sysctls")).plan(blankView("worker", { host }));

    await assert.rejects(first?.work(context(runner)) ?? Promise.resolve(), (error) => {
      assert.ok(KeelsonError.is(error));
      assert.equal(error.code, "KEELSON_HOOK_FAILED");
      assert.equal(
        error.message,
        'Cannot run hook "ask" before kernel on w1: it ended with exit code 3; it said:\nno such disk',
      );
      return true;
    });
  });
});

describe("the script around a hook", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-hook-"));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs the unit of a hook on this computer, with its files in a folder of the test's. */
  async function runHere(own: string, timeoutSeconds: number): Promise<{ code: number | null; log: string }> {
    const runner = new FakeRunner("w1", [
      [/systemd-run/, ""],
      [/^rm -f /, ""],
    ]);
    const wanted: Hooks = { tell: { after: "kernel", script: own, timeoutSeconds } };
    const host = clusterHost("worker", { hooks: wanted });
    const facts = { ...blankFacts(host), dueHooks: ["tell"] };
    const [hook] = hooked("kernel", phase()).plan(blankView("worker", { host, facts }));
    await hook?.work(context(runner));
    const here = (text: string): string => text.replaceAll(/\/(run|etc)\/keelson/g, folder);
    for (const name of ["hooks", "due-hooks"]) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, "due-hooks/tell"), "");
    writeFileSync(join(folder, "hooks/tell"), runner.files.get("/run/keelson/hooks/tell") ?? "");
    const unit = runner.ran.find(({ command }) => command.includes("systemd-run"))?.stdin ?? "";
    const { status } = spawnSync("sh", ["-s"], { input: here(unit), encoding: "utf8" });
    assert.deepEqual(readdirSync(join(folder, "hooks")), []);
    return { code: status, log: readFileSync(join(folder, "hook-tell.log"), "utf8") };
  }

  it("gives it its surroundings, and owes it no more once it has succeeded", async () => {
    const { code, log } = await runHere(`echo "$KEELSON_HOST $KEELSON_ROLE" >${folder}/told`, 10);
    assert.equal(code, 0, log);
    assert.equal(readFileSync(join(folder, "told"), "utf8"), "w1 worker\n");
    assert.deepEqual(readdirSync(join(folder, "due-hooks")), []);
  });

  it("repeats the last lines of one that fails, which stays owed", async () => {
    const { code, log } = await runHere("seq 20; echo; echo sorry >&2; exit 7", 10);
    assert.equal(code, 1);
    assert.match(log, /^keelson: verdict\nit ended with exit code 7\n14\n(.*\n)+sorry\n$/);
    assert.deepEqual(readdirSync(join(folder, "due-hooks")), ["tell"]);
  });

  it("ends one that takes too long", async () => {
    const { code, log } = await runHere("echo begun; sleep 60", 1);
    assert.equal(code, 1);
    assert.equal(log, "keelson: verdict\nit did not end within 1 s\nbegun\n");
  });
});

describe("a host with hooks", function () {
  // Many runs of a whole plan; on a busy computer they take long.
  this.timeout(120_000);

  const points: readonly HookPoint[] = ["packages", "kernel", "containerd", "kubelet", "join"];
  const hook: fc.Arbitrary<Hook> = fc
    .record({ point: fc.constantFrom(...points), isAfter: fc.boolean() })
    .map(({ point, isAfter }): Hook => (isAfter ? { script, after: point } : { script, before: point }));
  const some = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), hook, { noNullPrototype: true });

  async function run(simulated: SimulatedHost, wanted: Hooks, preview = false): Promise<readonly string[]> {
    const host = clusterHost("worker", { name: simulated.host, hooks: wanted });
    const { operation, intents } = operationOn([simulated], { preview });
    const look = (): Promise<ReturnType<typeof viewOf>> => Promise.resolve(viewOf(simulated, host));
    const target = { host: host.name, runner: simulated, look, judge: () => undefined };
    await runPlan(operation, target, workerPlan);
    return intents;
  }

  it("runs each as previewed, once, and not again", async () => {
    await fc.assert(
      fc.asyncProperty(some, async (wanted) => {
        const simulated = new SimulatedHost("w1");
        const previewed = await run(simulated, wanted, true);
        assert.deepEqual(simulated.hooksRun, []);
        const made = await run(simulated, wanted);
        assert.deepEqual([...made].sort(), [...previewed].sort());
        assert.deepEqual([...simulated.hooksRun].sort(), Object.keys(wanted).sort());
        assert.deepEqual(await run(simulated, wanted), []);
      }),
      { numRuns: 30 },
    );
  });

  it("owes none in the end, wherever runs die, and has run each after its step", async () => {
    await fc.assert(
      fc.asyncProperty(some, fc.array(fc.nat(60), { maxLength: 3 }), async (wanted, deaths) => {
        const simulated = new SimulatedHost("w1");
        for (const death of deaths) {
          let left = death;
          simulated.tick = () => {
            if (left === 0) throw new Error("died");
            left -= 1;
          };
          await run(simulated, wanted).catch(() => undefined);
        }
        simulated.tick = () => undefined;
        const previewed = await run(simulated, wanted, true);
        const made = await run(simulated, wanted);

        assert.deepEqual(hooksIn(made), hooksIn(previewed));
        assert.deepEqual(simulated.facts.dueHooks ?? [], []);
        assert.deepEqual([...new Set(simulated.hooksRun)].sort(), Object.keys(wanted).sort());
        assert.deepEqual(await run(simulated, wanted), []);
      }),
      { numRuns: 40 },
    );
  });
});

describe("hookProblems", () => {
  it("accepts a hook before and one after a step", () => {
    assert.deepEqual(
      hookProblems({ "a-1": { before: "join", script, timeoutSeconds: 5 }, b: { after: "files", script } }),
      [],
    );
    assert.deepEqual(hookProblems(), []);
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    ["a step that there is not", { a: { after: "kernels", script } }, /did you mean "?kernel/],
    ["one that stands nowhere", { a: { script } }, /either before or after/],
    ["one that stands at two places", { a: { script, before: "join", after: "join" } }, /one of them/],
    ["a name that is none of a unit", { "A b": { after: "join", script } }, /a name of a-z/],
    ["an empty script", { a: { after: "join", script: " " } }, /not the text of a script/],
    ["a time that never ends", { a: { after: "join", script, timeoutSeconds: 100_000 } }, /more than a day/],
  ];
  for (const [what, given, expected] of refused) {
    it(`refuses ${what}`, () => {
      assert.match(hookProblems(given as Hooks)[0]?.message ?? "", expected);
    });
  }
});

function hooksIn(intents: readonly string[]): readonly string[] {
  return intents.filter((intent) => intent.startsWith("run hook")).sort();
}

function context(runner: FakeRunner): ChangeContext {
  return { runner, signal: new AbortController().signal, log: () => undefined };
}
