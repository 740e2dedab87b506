import assert from "node:assert/strict";
import fc from "fast-check";
import { assertConverges, attempt } from "../support/killed-plane.ts";
import { SimulatedPlane } from "../support/simulated-plane.ts";

const one = ["cp1"];
const three = ["cp1", "cp2", "cp3"];
const all = ["cp1", "cp2", "cp3", "cp4", "cp5"];
/** Stays in every set, so that each run finds the cluster. */
const anchor = "cp3";
const others = all.filter((name) => name !== anchor);
const declaredHosts = fc
  .integer({ min: 0, max: 2 })
  .chain((pairs) => fc.shuffledSubarray(others, { minLength: 2 * pairs, maxLength: 2 * pairs }))
  .map((some) => [...some, anchor]);

describe("a control plane whose runs are killed", function () {
  // Many runs of whole plans; on a busy computer they take long.
  this.timeout(120_000);

  for (const [point, members] of [
    ["cp1: certificates made", []],
    ["cp1: etcd began", one],
    ["cp1: kubelet started", one],
    ["cp2: manifests written", one],
    ["cp2: kubelet joined", one],
    ["cp2: learner added", ["cp1", "cp2 learns"]],
    ["cp2: learner started", ["cp1", "cp2 learns"]],
    ["cp2: learner promoted", ["cp1", "cp2"]],
    ["cp3: learner added", ["cp1", "cp2", "cp3 learns"]],
    ["cp3: learner promoted", three],
    ["cp2: API server started", three],
    ["cp3: API server started", three],
  ] as const) {
    it(`is made although the computer died at "${point}"`, async () => {
      const plane = await SimulatedPlane.of(...three);
      plane.holdJoins(3);

      await attempt(plane, three, { dieAt: point });

      assert.deepEqual(plane.members(), members);
      plane.holdJoins(0);
      await assertConverges(plane, three);
    });
  }

  for (const point of ["cp2: mark cleared", "cp2: manifests cleared"]) {
    it(`is made although the clearing of a join that was cut off died at "${point}"`, async () => {
      const plane = await SimulatedPlane.of(...three);
      await attempt(plane, three, { dieAt: "cp2: learner started" });

      await attempt(plane, three, { dieAt: point });

      await assertConverges(plane, three);
    });
  }

  for (const point of ["cp3: learner promoted", "cp2: API server started", "cp3: API server started"]) {
    it(`lives on in unfinished joins although the computer died at "${point}" and the first host was lost`, async () => {
      const plane = await SimulatedPlane.of(...all);
      plane.holdJoins(3);
      await attempt(plane, three, { dieAt: point });

      plane.reinstall("cp1");

      assert.deepEqual(plane.members(), ["cp1 down", "cp2", "cp3"]);
      plane.holdJoins(0);
      await assertConverges(plane, three);
    });
  }

  it("lives on in another host's place although the computer died while two joined and the first host died, too", async () => {
    const plane = await SimulatedPlane.of(...all);
    plane.holdJoins(3);
    await attempt(plane, three, { dieAt: "cp3: learner promoted" });
    plane.dead.add("cp1");
    plane.holdJoins(0);

    await plane.run(["cp2", "cp3", "cp4"]);

    assert.deepEqual(plane.members(), ["cp2", "cp3", "cp4"]);
    assert.deepEqual(await plane.run(["cp2", "cp3", "cp4"]), []);
  });

  for (const point of ["cp1: processes ended", "cp1: cluster reset", "cp1: files reset"]) {
    it(`loses its first host for another although the computer died at "${point}"`, async () => {
      const plane = await SimulatedPlane.of(...all);
      await plane.run(three);

      await attempt(plane, ["cp2", "cp3", "cp4"], { dieAt: point });

      await assertConverges(plane, ["cp2", "cp3", "cp4"]);
    });
  }

  it("grows, shrinks and is exchanged, whenever runs die and whatever is installed anew", async () => {
    const era = fc.record({
      declared: declaredHosts,
      deaths: fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 2 }),
      anew: fc.constantFrom("", ...others),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(era, { minLength: 1, maxLength: 3 }), async (eras) => {
        const plane = await SimulatedPlane.of(...all);
        plane.holdJoins(all.length, 10);
        await plane.run(three);
        for (const { declared, deaths, anew } of eras) {
          for (const dieAfter of deaths) await attempt(plane, declared, { dieAfter });
          await attempt(plane, declared, {});
          if (anew !== "") plane.reinstall(anew);
        }
        await assertConverges(plane, eras.at(-1)?.declared ?? []);
      }),
      { numRuns: 8 },
    );
  });
});
