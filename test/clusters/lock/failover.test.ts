import assert from "node:assert/strict";
import fc from "fast-check";
import { defineFleet } from "../../../clusters/fleet/define-fleet.ts";
import type { Fleet } from "../../../clusters/fleet/fleet.ts";
import { where } from "../../../clusters/fleet/select.ts";
import { failBack, failOver, standing } from "../../../clusters/lock/failover.ts";
import {
  emptyLock,
  type FleetLock,
  parseLock,
  serializeLock,
  withPlan,
} from "../../../clusters/lock/lock.ts";
import type { Plan } from "../../../clusters/placement/decision.ts";
import { divide, place } from "../../../clusters/placement/place.ts";
import type { PlacedApp } from "../../../clusters/placement/placement.ts";
import { plan } from "../../../clusters/placement/plan.ts";
import { apps, fleets } from "../../support/fleets.ts";

const capacity = { cpu: 8, memoryGib: 64 };
const prod = { labels: { env: "prod" }, capacity };
const fleet = defineFleet({ eu1: prod, eu2: prod, us1: prod });
const web: PlacedApp = {
  name: "web",
  place: place(where({ env: "prod" }))
    .pick(2)
    .replicas(divide.evenly(8)),
  request: { cpu: 1, memoryGib: 1 },
};

describe("a cluster that is given up", () => {
  it("hands its replicas to those that have room, and gets them back when it returns", () => {
    const lock = locked(fleet, [web]);
    assert.deepEqual(lock.decision.apps["web"]?.clusters, { eu1: 4, eu2: 4 });

    const over = failOver(fleet, [web], lock, ["eu1"]);
    const back = failBack(fleet, [web], over.lock, ["eu1"]);

    assert.deepEqual(over.lock.decision.apps["web"]?.clusters, { eu2: 4, us1: 4 });
    assert.deepEqual(over.plan.moves, [
      { app: "web", cluster: "eu1", from: 4, to: 0, why: "it has the taint keelson.dev/given-up:NoExecute" },
      { app: "web", cluster: "us1", from: 0, to: 4, why: "takes over from eu1" },
    ]);
    assert.deepEqual(parseLock(serializeLock(over.lock)), over.lock);
    assert.deepEqual(back.lock, lock);
    assert.deepEqual(
      back.plan.moves.map(({ cluster, from, to }) => [cluster, from, to]),
      [
        ["eu1", 0, 4],
        ["us1", 4, 0],
      ],
    );
  });

  it("keeps an app that fits nowhere else, and says why", () => {
    const large = { ...web, request: { cpu: 2, memoryGib: 1 } };
    const small = defineFleet({ eu1: prod, eu2: prod });
    const lock = locked(small, [large]);

    const { plan: found, lock: after } = failOver(small, [large], lock, ["eu1"]);

    assert.deepEqual(after.decision, lock.decision);
    assert.match(found.refused[0]?.reasons.join() ?? "", /2 clusters are wanted, 1 can take it/);
  });

  it("takes no new app while it is away", () => {
    const { lock } = failOver(fleet, [web], locked(fleet, [web]), ["us1"]);
    const other = { ...web, name: "other" };

    const { decision } = plan(standing(fleet, lock), [web, other], lock.decision);

    assert.deepEqual(Object.keys(decision.apps["other"]?.clusters ?? {}), ["eu1", "eu2"]);
  });

  it("leaves out apps that are gone when it returns", () => {
    const over = failOver(fleet, [web], locked(fleet, [web]), ["eu1"]);

    assert.deepEqual(failBack(fleet, [], over.lock, ["eu1"]).lock.decision, { apps: {} });
  });

  it("is refused if the fleet does not have it, and if it is away or here already", () => {
    const lock = locked(fleet, [web]);
    const over = failOver(fleet, [web], lock, ["eu1"]).lock;

    assert.throws(() => failOver(fleet, [web], lock, ["eu3"]), /eu3: the fleet has no such cluster/);
    assert.throws(() => failOver(fleet, [web], over, ["eu1"]), /eu1: it was given up already/);
    assert.throws(() => failBack(fleet, [web], over, ["eu2"]), /eu2: it was not given up/);
  });
});

describe("a failover, whatever the fleet", () => {
  const cases = fleets.chain((some) =>
    fc.tuple(
      fc.constant(some),
      apps,
      fc.subarray(
        some.clusters.map(({ name }) => name),
        { minLength: 1 },
      ),
    ),
  );

  it("leaves nothing on what was given up but what fits nowhere, and moves nothing else", () => {
    fc.assert(
      fc.property(cases, ([some, wanted, gone]) => {
        const lock = locked(some, wanted);
        const { plan: found, lock: after } = failOver(some, wanted, lock, gone);

        for (const [app, { clusters }] of Object.entries(after.decision.apps)) {
          const was = lock.decision.apps[app];
          // What had no place may find one now.
          if (was === undefined) continue;
          const isHit = gone.some((name) => was.clusters[name] !== undefined);
          if (isRefused(found, app) || !isHit) assert.deepEqual(after.decision.apps[app], was);
          else for (const name of gone) assert.equal(clusters[name], undefined);
        }
      }),
    );
  });

  it("takes nothing away without a replacement: no app has fewer replicas after it", () => {
    fc.assert(
      fc.property(cases, ([some, wanted, gone]) => {
        const lock = locked(some, wanted);
        const { lock: after } = failOver(some, wanted, lock, gone);

        for (const { name, place: declared } of wanted.filter(({ name: app }) => app in lock.decision.apps)) {
          if (declared.rule.replicas.kind === "divided") assert.equal(total(after, name), total(lock, name));
          else assert.ok(name in after.decision.apps);
        }
      }),
    );
  });

  it("fills no cluster beyond its capacity", () => {
    fc.assert(
      fc.property(cases, ([some, wanted, gone]) => {
        const { plan: found } = failOver(some, wanted, locked(some, wanted), gone);

        assert.deepEqual(found.overcommitted, []);
      }),
    );
  });

  it("is undone by a return, to the byte", () => {
    fc.assert(
      fc.property(cases, ([some, wanted, gone]) => {
        const lock = locked(some, wanted);
        const placed = wanted
          .filter(({ name }) => name in lock.decision.apps)
          .map((app) => ({
            ...app,
            apartFrom: app.apartFrom?.filter((name) => name in lock.decision.apps) ?? [],
          }));
        const { lock: over } = failOver(some, placed, lock, gone);

        assert.equal(serializeLock(failBack(some, placed, over, gone).lock), serializeLock(lock));
      }),
    );
  });
});

function locked(some: Fleet, wanted: readonly PlacedApp[]): FleetLock {
  return withPlan(emptyLock, plan(some, wanted));
}

function isRefused({ refused }: Plan, name: string): boolean {
  return refused.some(({ app }) => app === name);
}

function total({ decision }: FleetLock, name: string): number {
  return Object.values(decision.apps[name]?.clusters ?? {}).reduce((sum, count) => sum + count, 0);
}
