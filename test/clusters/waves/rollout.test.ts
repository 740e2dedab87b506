import assert from "node:assert/strict";
import fc from "fast-check";
import { advanceRollout } from "../../../clusters/waves/advance-rollout.ts";
import type { RolloutEvent } from "../../../clusters/waves/advance-rollout.ts";
import { nextStep } from "../../../clusters/waves/next-step.ts";
import { startRollout } from "../../../clusters/waves/rollout.ts";
import type { Rollout } from "../../../clusters/waves/rollout.ts";
import { ProblemsError } from "../../../errors.ts";
import { SimulatedRollout } from "../../support/simulated-rollout.ts";
import type { Chances, Outcome } from "../../support/simulated-rollout.ts";

const names = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"] as const;

const running = (digest: string, clusters: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(clusters.map((name): [string, string] => [name, digest]));

/** Rollouts over one to four waves; some clusters are new, some have the release already, some lose the app. */
const rollouts: fc.Arbitrary<Rollout> = fc
  .record({
    waves: fc.array(fc.nat(3), { minLength: names.length, maxLength: names.length }),
    states: fc.array(fc.constantFrom("old", "old", "new", "done", "leaving", "absent"), {
      minLength: names.length,
      maxLength: names.length,
    }),
    approval: fc.boolean(),
    maxFailures: fc.constantFrom(0, 0, 1),
    onFailure: fc.constantFrom("rollback", "rollback", "halt"),
  })
  .map(({ waves, states, approval, ...rules }) => {
    const is = (...wanted: readonly string[]): string[] =>
      names.filter((_, index) => wanted.includes(states[index]!));
    const to = is("old", "new", "done");
    const groups = [0, 1, 2, 3].map((wave) =>
      names.filter((name, index) => waves[index] === wave && to.includes(name)),
    );
    return startRollout({
      app: "shop",
      rules: { ...rules, deadlineSeconds: 600 },
      waves: groups
        .filter((clusters) => clusters.length > 0)
        .map((clusters, index) => ({ name: `w${index}`, approval: approval && index === 1, clusters })),
      from: { ...running("v1", is("old", "leaving")), ...running("v2", is("done")) },
      to: running("v2", to),
    });
  });

const drawn = (others: readonly Outcome[]): fc.Arbitrary<Outcome[]> =>
  fc.array(fc.constantFrom<Outcome>("fine", "fine", "fine", "fine", ...others), { maxLength: 40 });

const chances = (outcomes: readonly Outcome[], back: readonly Outcome[] = []): fc.Arbitrary<Chances> =>
  fc.record({
    outcomes: drawn(outcomes),
    back: drawn(back),
    kills: fc.array(fc.constantFrom(false, false, true), { maxLength: 60 }),
  });

const runs = { numRuns: 150 };

describe("A rollout, whatever fails and whenever its driver is killed", () => {
  it("touches no cluster of a wave before the one before is verified", () => {
    fc.assert(
      fc.property(
        rollouts,
        chances(["fails", "silent"], ["fails", "silent"]),
        fc.boolean(),
        (start, luck, resumes) => {
          const simulation = new SimulatedRollout(start, luck, (cluster, { targets, rules, phase }) => {
            if (phase !== "forward") return;
            const { wave } = targets[cluster]!;
            const earlier = Object.entries(targets).filter(([, target]) => target.wave < wave);
            const unproven = earlier.filter(([name]) => !simulation.verified.has(name));
            const failed = unproven.filter(([, { state }]) => state === "failed");
            assert.ok(failed.length <= rules.maxFailures);
            assert.ok(unproven.every(([, { state }]) => state === "failed" || state === "silent"));
            for (const [index] of start.waves.slice(0, wave).entries())
              assert.ok(
                earlier.some(([name, target]) => target.wave === index && simulation.verified.has(name)),
              );
            if (start.waves[wave]!.removal) assert.deepEqual(unproven, []);
          });
          simulation.run();
          if (resumes) {
            simulation.tell({ type: "resume" });
            simulation.run();
          }
        },
      ),
      runs,
    );
  });

  it("ends with everything verified if nothing fails, however often the driver is killed", () => {
    fc.assert(
      fc.property(rollouts, chances([]), (start, luck) => {
        const simulation = new SimulatedRollout(start, luck);

        assert.equal(simulation.run(), 0);
        for (const [name, { to }] of Object.entries(start.targets))
          assert.equal(simulation.world.get(name), to);
        checkLock(simulation);
      }),
      runs,
    );
  });

  it("goes back wave by wave, the last one first, until everything is as it was", () => {
    fc.assert(
      fc.property(rollouts, chances(["fails", "silent"]), (start, luck) => {
        const simulation = new SimulatedRollout(start, luck);
        if (simulation.run() !== 3) simulation.tell({ type: "rollback" });

        assert.equal(simulation.run(), 3);
        for (const [name, { from }] of Object.entries(start.targets))
          assert.equal(simulation.world.get(name), from);
        checkLock(simulation);
        const back = simulation.touches.filter((touch) => touch.do === "revert").map(({ wave }) => wave);
        assert.deepEqual(
          back,
          back.toSorted((left, right) => right - left),
        );
      }),
      runs,
    );
  });

  it("comes back also where clusters fail on the way, and going back twice is going back once", () => {
    fc.assert(
      fc.property(rollouts, chances(["fails"], ["fails", "silent"]), (start, luck) => {
        const simulation = new SimulatedRollout(start, luck);
        if (simulation.run() !== 3) simulation.tell({ type: "rollback" });

        assert.equal(simulation.run(), 3);
        const { rollout, lock, world } = simulation;
        for (const [name, { from, state }] of Object.entries(rollout.targets)) {
          assert.equal(lock.releases["shop"]?.[name] ?? null, from);
          assert.ok(state === "stranded" || world.get(name) === from);
        }
        for (const event of allEvents(rollout)) assert.deepEqual(advanceRollout(rollout, event), rollout);
      }),
      runs,
    );
  });

  it("does not mind events that come late or twice", () => {
    fc.assert(
      fc.property(rollouts, chances(["fails", "silent"], ["silent"]), (start, luck) => {
        const simulation = new SimulatedRollout(start, luck, (cluster, rollout) => {
          const late = advanceRollout(rollout, { type: "reverted", cluster });
          assert.ok(rollout.phase === "backward" || late === rollout || late.phase === "forward");
          for (const [name, { state, wave }] of Object.entries(rollout.targets)) {
            if (wave !== rollout.wave || state === "verified")
              assert.deepEqual(advanceRollout(rollout, { type: "applied", cluster: name }), rollout);
          }
        });
        simulation.run();
      }),
      runs,
    );
  });
});

describe("A rollout", () => {
  const start = startRollout({
    app: "shop",
    rules: { maxFailures: 0, onFailure: "rollback", deadlineSeconds: 600 },
    waves: [
      { name: "canary", approval: false, clusters: ["c0"] },
      { name: "rest", approval: true, clusters: ["c1", "c2"] },
    ],
    from: { c0: "v1", c1: "v1", c2: "v1", c9: "v1" },
    to: { c0: "v2", c1: "v2", c2: "v2" },
  });
  const after = (rollout: Rollout, ...events: readonly RolloutEvent[]): Rollout =>
    events.reduce(advanceRollout, rollout);
  const done = (...clusters: readonly string[]): RolloutEvent[] => [
    { type: "touching", clusters },
    ...clusters.map((cluster) => ({ type: "applied", cluster }) as const),
    ...clusters.map((cluster) => ({ type: "verified", cluster }) as const),
  ];
  const canaryDone = after(start, ...done("c0"));

  it("goes through its waves, waits for approval, and takes away last", () => {
    assert.deepEqual(nextStep(start), { do: "advance", wave: 0, releases: { c0: "v2" } });
    const touched = after(start, { type: "touching", clusters: ["c0"] });
    assert.deepEqual(nextStep(touched), nextStep(start));
    assert.deepEqual(nextStep(after(touched, { type: "applied", cluster: "c0" })), {
      do: "verify",
      wave: 0,
      clusters: ["c0"],
    });
    assert.deepEqual(nextStep(canaryDone), { do: "approve", wave: 1 });
    const agreed = after(canaryDone, { type: "approved", wave: 1 });
    assert.deepEqual(nextStep(agreed), { do: "advance", wave: 1, releases: { c1: "v2", c2: "v2" } });
    const released = after(agreed, ...done("c1", "c2"));
    assert.deepEqual(nextStep(released), { do: "advance", wave: 2, releases: { c9: null } });
    assert.deepEqual(nextStep(after(released, ...done("c9"))), { do: "stop", exitCode: 0 });
  });

  it("asks for a window before a wave is touched, and again when it is tried again", () => {
    const windows = [{ from: "22:00", to: "04:00", timeZone: "UTC" }];
    const rules = { ...start.rules, onFailure: "halt" } as const;
    const closed = { ...start, rules, waves: start.waves.map((wave) => ({ ...wave, windows })) };

    assert.deepEqual(nextStep(closed), { do: "open", wave: 0, windows });
    const open = after(closed, { type: "opened", wave: 0 });
    assert.deepEqual(nextStep(open), nextStep(start));
    const touched = after(open, { type: "touching", clusters: ["c0"] });
    assert.deepEqual(nextStep(touched), nextStep(start), "a wave that has begun goes on");
    const failed = after(touched, { type: "failed", cluster: "c0", reason: "no" });
    assert.deepEqual(nextStep(after(failed, { type: "resume" })), nextStep(closed));
    assert.equal(after(closed, { type: "opened", wave: 1 }), closed, "it is for this wave alone");
  });

  it("takes an approval only for the wave that waits for it", () => {
    assert.equal(after(start, { type: "approved", wave: 1 }), start);
  });

  it("refuses a driver that touches a cluster whose turn it is not", () => {
    assert.throws(() => after(start, { type: "touching", clusters: ["c1"] }), /Cannot touch c1 for "shop"/);
    assert.throws(() => after(start, { type: "reverting", clusters: ["c0"] }), /Cannot touch c0 for "shop"/);
  });

  it("is not stopped by a cluster that is silent, but takes nothing away then", () => {
    const silent = after(
      canaryDone,
      { type: "approved", wave: 1 },
      { type: "touching", clusters: ["c1", "c2"] },
      { type: "silent", cluster: "c1" },
      { type: "applied", cluster: "c2" },
      { type: "verified", cluster: "c2" },
    );

    assert.deepEqual(nextStep(silent), { do: "stop", exitCode: 4 });
    assert.equal(silent.targets["c9"]?.state, "waiting");
  });

  it("halts if no cluster of a wave is verified, since that shows nothing, and goes on when it is told to", () => {
    const silent = after(start, { type: "touching", clusters: ["c0"] }, { type: "silent", cluster: "c0" });

    assert.deepEqual(nextStep(silent), { do: "stop", exitCode: 2 });
    assert.equal(silent.reason, 'no cluster of wave "canary" was verified');
    assert.deepEqual(nextStep(after(silent, { type: "resume" })), nextStep(start));
  });

  it("takes what is not verified at the deadline for failed", () => {
    const late = after(start, { type: "touching", clusters: ["c0"] }, { type: "expired" });

    assert.deepEqual(nextStep(late), { do: "revert", wave: 0, releases: { c0: "v1" } });
    assert.equal(late.reason, 'wave "canary" passed its deadline');
  });

  it("stops where it is if it is not to go back", () => {
    const halting = { ...start, rules: { ...start.rules, onFailure: "halt" as const } };
    const failed = after(
      halting,
      { type: "touching", clusters: ["c0"] },
      { type: "failed", cluster: "c0", reason: "the image is not there" },
    );

    assert.deepEqual(nextStep(failed), { do: "stop", exitCode: 2 });
    assert.equal(failed.reason, '"c0": the image is not there');
    assert.deepEqual(nextStep(after(failed, { type: "resume" })), nextStep(start));
  });

  it("only verifies a cluster that has the release already", () => {
    const again = startRollout({
      ...start,
      from: { c0: "v2" },
      to: { c0: "v2" },
      waves: start.waves.slice(0, 1),
    });

    assert.deepEqual(nextStep(again), { do: "verify", wave: 0, clusters: ["c0"] });
  });

  it("does not begin if a cluster is in no wave, in two, or without a release", () => {
    const wave = { name: "w", approval: false, clusters: ["c0", "c2"] };

    assert.throws(
      () => startRollout({ ...start, waves: [wave, wave], from: {}, to: { c0: "v2", c1: "v2" } }),
      (error: unknown) => {
        assert.ok(error instanceof ProblemsError);
        assert.deepEqual(
          error.problems.map(({ where, message }) => `${where}: ${message}`),
          [
            "c1: no wave takes it",
            "c0: two waves take it",
            "c2: two waves take it",
            "c2: it has no release",
            "c2: it has no release",
          ],
        );
        return true;
      },
    );
  });
});

function checkLock({ lock, rollout, world }: SimulatedRollout): void {
  for (const name of Object.keys(rollout.targets))
    assert.equal(lock.releases["shop"]?.[name] ?? null, world.get(name));
}

function allEvents({ targets, wave }: Rollout): readonly RolloutEvent[] {
  return [
    { type: "rollback" },
    { type: "resume" },
    { type: "expired" },
    { type: "halt", reason: "enough" },
    { type: "approved", wave },
    ...Object.keys(targets).flatMap((cluster): readonly RolloutEvent[] => [
      { type: "applied", cluster },
      { type: "verified", cluster },
      { type: "silent", cluster },
      { type: "reverted", cluster },
      { type: "failed", cluster, reason: "late" },
    ]),
  ];
}
