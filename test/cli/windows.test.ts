import assert from "node:assert/strict";
import fc from "fast-check";
import type { FleetEvent } from "../../cli/fleet/events.ts";
import { release, type ReleaseOptions } from "../../cli/fleet/release.ts";
import type { AppOffer } from "../../stacks/components/set-workload.ts";
import { digestOf, FakeFleet, offerOf, untilItEnds } from "../support/fake-fleet.ts";

const [one, two, three] = [digestOf("1"), digestOf("2"), digestOf("3")];
const waves = [["eu1"], ["eu2", "eu3"], ["us1", "us2"]];

describe("keelson fleet up with maintenance windows", () => {
  const [noon, night] = [Date.parse("2026-12-01T12:00Z"), Date.parse("2026-12-01T23:00Z")];
  let fleet: FakeFleet;

  beforeEach(async () => {
    fleet = new FakeFleet();
    assert.equal(await release(fleet, "shop", offerOf(one, waves)), 0);
  });

  const running = (): readonly string[] =>
    waves.flat().map((name) => fleet.runs.get(name)?.slice(7, 8) ?? "none");
  const windows = [{ from: "22:00", to: "04:00", timeZone: "UTC" }];
  const within = (digest: string): AppOffer => {
    const offer = offerOf(digest, waves);
    return {
      ...offer,
      waves: offer.waves.map((wave, index) => (index === 0 ? wave : { ...wave, windows })),
    };
  };
  const step = (options: ReleaseOptions = {}, offer = within(two)): Promise<number> =>
    release(fleet, "shop", offer, options);

  it("says when a wave may begin, and begins it then", async () => {
    const events: FleetEvent[] = [];
    fleet.clock = () => noon;
    assert.equal(await step({ onEvent: (event) => events.push(event) }), 4);
    assert.deepEqual(running(), ["2", "1", "1", "1", "1"]);
    assert.deepEqual(events.slice(-2), [
      { type: "window", app: "shop", wave: "wave 1", ignored: false, opens: "2026-12-01T22:00:00.000Z" },
      { type: "ends", app: "shop", exitCode: 4 },
    ]);

    fleet.clock = () => night;
    assert.equal(await step(), 0);

    assert.deepEqual(running(), ["2", "2", "2", "2", "2"]);
  });

  it("lets nothing newer overtake a rollout that waits", async () => {
    fleet.clock = () => noon;
    await step();

    assert.equal(await step({}, within(three)), 4);

    assert.deepEqual(running(), ["2", "1", "1", "1", "1"]);
  });

  it("begins outside of them if somebody says so, and tells it", async () => {
    const events: FleetEvent[] = [];
    fleet.clock = () => noon;

    assert.equal(await step({ ignoreWindows: true, onEvent: (event) => events.push(event) }), 0);

    const told = events.flatMap((event) => (event.type === "window" && event.ignored ? [event.wave] : []));
    assert.deepEqual(told, ["wave 1", "wave 2"]);
  });

  it("ends a wave that it has begun, and takes back what fails, whatever the time", async () => {
    fleet.clock = () => (fleet.changes.includes("eu2 2") ? noon : night);
    fleet.broken.set(two, "eu3");

    assert.equal(await step(), 3);

    assert.deepEqual(running(), ["1", "1", "1", "1", "1"]);
  });

  it("begins no wave outside of them, whatever the time and wherever it is killed", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 30 }),
        fc.array(fc.constantFrom(noon, night), { maxLength: 20 }),
        async (kills, hours) => {
          fleet = new FakeFleet();
          await release(fleet, "shop", offerOf(one, waves));
          const [left, next] = [[...kills], [...hours]];
          const begun = new Set<number>();
          let now = night;
          fleet.clock = () => (now = next.shift() ?? night);
          fleet.mayKill = () => left.shift() === true;
          fleet.onChange = (cluster, digest) => {
            const wave = waves.findIndex((members) => members.includes(cluster));
            if (digest !== two || wave === 0) return;
            assert.ok(begun.has(wave) || now === night, `${cluster} was touched at noon`);
            begun.add(wave);
          };

          for (let runs = 0; (await untilItEnds(fleet, step)) !== 0; runs += 1) assert.ok(runs < 30);

          assert.deepEqual(running(), ["2", "2", "2", "2", "2"]);
        },
      ),
      { numRuns: 60 },
    ));
});
