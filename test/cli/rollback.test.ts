import assert from "node:assert/strict";
import fc from "fast-check";
import { release, rollBack } from "../../cli/fleet/release.ts";
import { digestOf, FakeFleet, offerOf, untilItEnds } from "../support/fake-fleet.ts";

const [one, two] = [digestOf("1"), digestOf("2")];
const waves = [["eu1"], ["eu2", "eu3"], ["us1", "us2"]];
const all = waves.flat();

describe("keelson fleet rollback", () => {
  it("goes back to what each cluster had before, and changes nothing the second time", async () => {
    const fleet = new FakeFleet();
    await release(fleet, "shop", offerOf(one, waves));
    await release(fleet, "shop", offerOf(two, waves));
    fleet.changes.length = 0;

    assert.equal(await rollBack(fleet, "shop"), 3);
    assert.deepEqual(fleet.changes, ["us1 1", "us2 1", "eu2 1", "eu3 1", "eu1 1"]);
    assert.equal(await rollBack(fleet, "shop"), 3);

    assert.equal(fleet.changes.length, 5);
  });

  it("ends where it began however often it is killed, and going back once more changes nothing", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), fc.subarray(all), async (kills, fresh) => {
        const fleet = new FakeFleet();
        const [before, left] = [all.filter((name) => !fresh.includes(name)), [...kills]];
        if (before.length > 0) await release(fleet, "shop", offerOf(one, [before]));
        await release(fleet, "shop", offerOf(two, waves));
        fleet.mayKill = () => left.shift() === true;

        assert.equal(await untilItEnds(fleet, () => rollBack(fleet, "shop")), 3);
        fleet.mayKill = () => false;
        const [runs, lock, changes] = [[...fleet.runs], fleet.lock, fleet.changes.length];
        assert.equal(await rollBack(fleet, "shop"), 3);

        assert.deepEqual(runs.toSorted(), before.map((name) => [name, one]).toSorted());
        assert.deepEqual([[...fleet.runs], fleet.lock, fleet.changes.length], [runs, lock, changes]);
      }),
      { numRuns: 100 },
    ));

  it("takes back what a killed run has begun, of which the state knows nothing or all since somebody updated the stack", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(60), fc.boolean(), async (calls, isUpdated) => {
        const fleet = new FakeFleet();
        await release(fleet, "shop", offerOf(one, waves));
        let left = calls;
        fleet.mayKill = () => left-- <= 0;
        await release(fleet, "shop", offerOf(two, waves)).catch(() => undefined);
        fleet.mayKill = () => false;
        fleet.isDead = false;
        if (isUpdated) await fleet.update("shop");
        // Before its first word is saved nothing has begun.
        const saved = await fleet.readRollout("shop");
        fc.pre(saved?.targets["eu1"]?.to === two);

        assert.equal(await rollBack(fleet, "shop"), 3);

        assert.deepEqual(new Set(fleet.runs.values()), new Set([one]));
      }),
      { numRuns: 200 },
    ));

  it("takes away what was not there before", async () => {
    const fleet = new FakeFleet();
    await release(fleet, "shop", offerOf(one, waves));

    assert.equal(await rollBack(fleet, "shop"), 3);

    assert.deepEqual([...fleet.runs], []);
  });

  it("refuses an app that was never rolled out", async () => {
    await assert.rejects(rollBack(new FakeFleet(), "shop"), { code: "KEELSON_INVALID_INPUT" });
  });
});
