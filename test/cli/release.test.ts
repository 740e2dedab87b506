import assert from "node:assert/strict";
import fc from "fast-check";
import type { FleetEvent } from "../../cli/fleet/events.ts";
import { release, type ReleaseOptions } from "../../cli/fleet/release.ts";
import { KeelsonError } from "../../errors.ts";
import { digestOf, FakeFleet, Killed, offerOf, untilItEnds } from "../support/fake-fleet.ts";

const [one, two, three] = [digestOf("1"), digestOf("2"), digestOf("3")];
const waves = [["eu1"], ["eu2", "eu3"], ["us1", "us2"]];
const all = waves.flat();

describe("keelson fleet up", () => {
  let fleet: FakeFleet;

  beforeEach(async () => {
    fleet = new FakeFleet();
    assert.equal(await up(one), 0);
    fleet.changes.length = 0;
    fleet.updates = 0;
  });

  const up = (digest: string, options: ReleaseOptions = {}, rules = {}): Promise<number> =>
    release(fleet, "shop", offerOf(digest, waves, rules), options);
  const running = (): readonly string[] => all.map((name) => fleet.runs.get(name)?.slice(7, 8) ?? "none");

  it("takes a release through its waves, one update for each, and writes the lock", async () => {
    const events: FleetEvent[] = [];

    assert.equal(await up(two, { onEvent: (event) => events.push(event) }), 0);

    assert.deepEqual(fleet.changes, ["eu1 2", "eu2 2", "eu3 2", "us1 2", "us2 2"]);
    assert.deepEqual(fleet.touched.slice(-3), waves, "each is about its own clusters");
    assert.equal(fleet.updates, 3);
    assert.deepEqual(fleet.lock.releases, { shop: Object.fromEntries(all.map((name) => [name, two])) });
    const done = events.flatMap((event) =>
      event.type === "wave" ? [`${event.do} ${event.clusters.join()}`] : [],
    );
    assert.deepEqual(done, [
      "advance eu1",
      "verify eu1",
      "advance eu2,eu3",
      "verify eu2,eu3",
      "advance us1,us2",
      "verify us1,us2",
    ]);
    assert.equal(events.at(-1)?.type, "ends");
  });

  it("saves together what many clusters become at once", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `eu${index}`);
    fleet = new FakeFleet();

    assert.equal(await release(fleet, "shop", offerOf(two, [names])), 0);

    assert.deepEqual(
      [...fleet.runs.values()],
      names.map(() => two),
    );
    assert.ok(fleet.saves < names.length, `${fleet.saves} saves`);
  });

  it("is an ordinary update where nothing is new", async () => {
    assert.equal(await up(one), 0);

    assert.deepEqual([fleet.changes, fleet.updates], [[], 1]);
    assert.equal(fleet.touched.at(-1), undefined, "it is about all clusters");
  });

  it("halts at a broken release and takes it back, the last wave first", async () => {
    fleet.broken.set(two, "us1");

    assert.equal(await up(two), 3);

    assert.deepEqual(running(), ["1", "1", "1", "1", "1"]);
    assert.deepEqual(fleet.changes.slice(5), ["us1 1", "us2 1", "eu2 1", "eu3 1", "eu1 1"]);
    assert.deepEqual(fleet.lock.releases, { shop: Object.fromEntries(all.map((name) => [name, one])) });
  });

  it("touches no more than the canary if that fails", async () => {
    fleet.broken.set(two, "everywhere");

    assert.equal(await up(two), 3);

    assert.deepEqual(fleet.changes, ["eu1 2", "eu1 1"]);
  });

  it("stops where it is if the program wants that, and goes on when somebody says so", async () => {
    fleet.broken.set(two, "eu2");
    assert.equal(await up(two, {}, { onFailure: "halt" }), 2);
    assert.deepEqual(running(), ["2", "2", "2", "1", "1"]);
    fleet.broken.clear();

    assert.equal(await up(two, { retry: true }, { onFailure: "halt" }), 0);

    assert.deepEqual(running(), ["2", "2", "2", "2", "2"]);
  });

  it("waits for nobody that is offline, and serves it once it answers (Fleet #192)", async () => {
    fleet.silent.add("eu3");

    assert.equal(await up(two), 4);
    assert.deepEqual(running(), ["2", "2", "1", "2", "2"]);
    assert.equal(fleet.lock.releases["shop"]?.["eu3"], two, "the lock says what it will get");

    fleet.silent.clear();
    assert.equal(await up(two), 0);
    assert.deepEqual(running(), ["2", "2", "2", "2", "2"]);
  });

  it("leaves a silent cluster alone until the next run, also if it comes back meanwhile", async () => {
    fleet.silent.add("eu3");
    fleet.onVerify = (cluster) => {
      if (cluster === "eu2") fleet.silent.clear();
    };

    assert.equal(await up(two), 4);
    assert.deepEqual(running(), ["2", "2", "1", "2", "2"]);

    assert.equal(await up(two), 0);
    assert.deepEqual(running(), ["2", "2", "2", "2", "2"]);
  });

  it("does not go on to others if no cluster of a wave has shown that the release works", async () => {
    fleet.silent.add("eu1");

    assert.equal(await up(two), 2);

    assert.deepEqual(fleet.changes, []);
  });

  it("does not take the status of the release before for that of this one (Argo CD #29410)", async () => {
    // The update says that all is applied, and the cluster still runs what it ran.
    fleet.onChange = (cluster) => {
      if (cluster === "eu1") throw new KeelsonError("KEELSON_COMMAND_FAILED", "Cannot update");
    };
    await assert.rejects(up(two), { code: "KEELSON_COMMAND_FAILED" });
    fleet.update = () =>
      Promise.resolve({
        of: () => Promise.resolve({ state: "applied", version: `version of ${two}` } as const),
      });

    assert.equal(await up(two), 3);

    assert.ok(fleet.changes.every((change) => !change.endsWith(" 2")));
  });

  it("deletes nothing and goes nowhere if the clusters cannot be looked at (Argo CD #18480)", async () => {
    fleet.onVerify = () => {
      throw new KeelsonError("KEELSON_API_REFUSED", "Cannot list: forbidden");
    };

    await assert.rejects(up(two), { code: "KEELSON_API_REFUSED" });
    assert.deepEqual(running(), ["2", "1", "1", "1", "1"]);

    fleet.onVerify = () => undefined;
    assert.equal(await up(two), 0);
  });

  it("ends what it has begun with the clusters of its beginning, whoever joins or leaves (KubeFleet #733)", async () => {
    fleet.onVerify = (cluster) => {
      if (cluster === "eu2") throw new Killed();
    };
    await assert.rejects(up(two), Killed);
    fleet.onVerify = () => undefined;
    const changed = offerOf(three, [["eu1"], ["eu2", "us1", "us2", "ap1"]]);
    const seen: string[] = [];
    fleet.onChange = (cluster, digest) => seen.push(`${cluster} ${digest?.slice(7, 8) ?? "none"}`);

    assert.equal(await release(fleet, "shop", changed, { allowRemoval: true }), 0);

    // First the rest of the old release, on the old clusters; then the new one, on the new clusters.
    assert.deepEqual(seen.slice(0, 2), ["us1 2", "us2 2"]);
    assert.equal(seen[2], "eu1 3");
    assert.deepEqual(seen.slice(3, -1).toSorted(), ["ap1 3", "eu2 3", "us1 3", "us2 3"]);
    assert.equal(seen.at(-1), "eu3 none");
  });

  it("refuses to take an app from many clusters at once, unless somebody means it", async () => {
    const small = offerOf(one, [["eu1"], ["eu2"]]);

    await assert.rejects(release(fleet, "shop", small, {}), {
      code: "KEELSON_PROBLEMS",
      message: /would lose it/,
    });
    assert.deepEqual(fleet.changes, []);
    assert.equal(await release(fleet, "shop", small, { allowRemoval: true }), 0);

    assert.deepEqual([...fleet.runs.keys()], ["eu1", "eu2"]);
  });

  it("refuses every mass removal that an offer can be, and nothing else, before anything is touched", () => {
    const names = Array.from({ length: 24 }, (_, index) => `c${String(index).padStart(2, "0")}`);
    const some = fc.subarray(names, { minLength: 1 });
    return fc.assert(
      fc.asyncProperty(some, fc.oneof(some, fc.subarray(names, { minLength: 20 })), async (had, wanted) => {
        fleet = new FakeFleet();
        await release(fleet, "shop", offerOf(one, [had]));
        fleet.changes.length = 0;
        const lost = had.filter((name) => !wanted.includes(name));

        const outcome = await release(fleet, "shop", offerOf(two, [wanted])).catch((error: unknown) =>
          KeelsonError.is(error) ? error.code : error,
        );

        const isMassRemoval = lost.length > had.length / 10;
        assert.equal(outcome, isMassRemoval ? "KEELSON_PROBLEMS" : 0);
        assert.deepEqual([...fleet.runs.keys()].toSorted(), (isMassRemoval ? had : wanted).toSorted());
        if (isMassRemoval) assert.deepEqual(fleet.changes, []);
      }),
      { numRuns: 100 },
    );
  });

  it("waits for approval of a wave, and takes one approval for one wave", async () => {
    const offer = offerOf(two, waves);
    const asking = { ...offer, waves: offer.waves.map((wave, index) => ({ ...wave, approval: index > 0 })) };
    const step = (approve: boolean): Promise<number> => release(fleet, "shop", asking, { approve });

    assert.equal(await step(false), 2);
    assert.deepEqual(running(), ["2", "1", "1", "1", "1"]);
    assert.equal(await step(true), 2);
    assert.deepEqual(running(), ["2", "2", "2", "1", "1"]);
    assert.equal(await step(true), 0);
  });

  it("ends at an abort, and goes on later", async () => {
    const controller = new AbortController();
    fleet.onVerify = () => {
      controller.abort();
    };

    await assert.rejects(up(two, { signal: controller.signal }), { code: "KEELSON_ABORTED" });
    assert.deepEqual(running(), ["2", "1", "1", "1", "1"]);

    assert.equal(await up(two), 0);
  });

  it("touches no cluster of a wave before the wave before is verified, whatever fails and wherever it is killed", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 60 }),
        fc.constantFrom("nowhere", ...all),
        fc.subarray(all, { maxLength: 2 }),
        async (kills, broken, silent) => {
          fleet = new FakeFleet();
          await up(one);
          fleet.broken.set(two, broken);
          for (const name of silent) fleet.silent.add(name);
          const verified = new Set<string>();
          fleet.onVerify = (cluster) => {
            if (fleet.runs.get(cluster) === two && broken !== cluster) verified.add(cluster);
          };
          fleet.onChange = (cluster, digest) => {
            const wave = waves.findIndex((members) => members.includes(cluster));
            if (digest !== two || wave === 0) return;
            const before = waves[wave - 1]!.filter((name) => !silent.includes(name));
            assert.ok(
              before.length > 0 && before.every((name) => verified.has(name)),
              `${cluster} was touched too early`,
            );
          };
          const left = [...kills];
          fleet.mayKill = () => left.shift() === true;

          const exitCode = await untilItEnds(fleet, () => up(two));

          const answering = all.filter((name) => !silent.includes(name));
          const runs = new Set(answering.map((name) => fleet.runs.get(name)));
          if (exitCode === 0) assert.deepEqual([...runs], [two]);
          if (exitCode === 3) assert.deepEqual([...runs], [one]);
          assert.equal(exitCode === 0, !answering.includes(broken) && silent.length === 0);
        },
      ),
      { numRuns: 200 },
    ));
});
