import assert from "node:assert/strict";
import fc from "fast-check";
import {
  emptyLock,
  fleetLockSchema,
  parseLock,
  serializeLock,
  withPlan,
  withReleases,
} from "../../../clusters/lock/lock.ts";
import type { FleetLock } from "../../../clusters/lock/lock.ts";
import { plan } from "../../../clusters/placement/plan.ts";
import { KeelsonError, ProblemsError } from "../../../errors.ts";
import { apps, fleets } from "../../support/fleets.ts";

const digest = (seed: number): string => `sha256:${seed.toString(16).padStart(64, "0")}`;

/** Locks of plans, everything released where it belongs. */
const locks: fc.Arbitrary<FleetLock> = fc.tuple(fleets, apps, fc.nat(9)).map(([fleet, wanted, seed]) => {
  const lock = withPlan(emptyLock, plan({ ...fleet, gatheredAt: "2026-11-21T10:00:00Z" }, wanted));
  return Object.entries(lock.decision.apps).reduce(
    (next, [app, { clusters }]) =>
      withReleases(
        next,
        app,
        Object.fromEntries(Object.keys(clusters).map((cluster) => [cluster, digest(seed)])),
      ),
    lock,
  );
});

describe("serializeLock()", () => {
  it("is read back as it was written, and equal locks have equal bytes", () => {
    fc.assert(
      fc.property(locks, (lock) => {
        const text = serializeLock(lock);

        assert.equal(serializeLock(parseLock(text)), text);
        assert.deepEqual(parseLock(text), lock);
      }),
    );
  });

  it("writes one line for each cluster of an app", () => {
    const lock = withReleases(emptyLock, "shop", { us1: digest(1), eu1: digest(2) });

    assert.equal(
      serializeLock(lock),
      `{
  "cost": {
    "perHour": 0,
    "unpriced": 0
  },
  "decision": {
    "apps": {}
  },
  "releases": {
    "shop": {
      "eu1": "${digest(2)}",
      "us1": "${digest(1)}"
    }
  },
  "version": 1
}
`,
    );
  });
});

describe("parseLock()", () => {
  it("names everything that is wrong at once, with paths and the words that were meant", () => {
    const wrong = {
      version: 2,
      desision: {},
      decision: { apps: { shop: { tier: 0, clusters: { eu1: 0 } } } },
      releases: { shop: { eu1: "9f86d0" } },
      cost: { perHour: 1, unpriced: 0 },
    };

    assert.throws(
      () => parseLock(JSON.stringify(wrong)),
      (error: unknown) => {
        assert.ok(error instanceof ProblemsError);
        assert.deepEqual(
          error.problems.map(({ where, message }) => `${where}: ${message}`),
          [
            'desision: there is no such property, did you mean "decision"?',
            "version: 2 is none of 1",
            "decision.apps.shop.clusters.eu1: 0 is not a whole number from 1 on",
            'releases.shop.eu1: "9f86d0" is not a digest such as sha256:9f86d0…',
          ],
        );
        return true;
      },
    );
  });

  for (const [title, content, state] of [
    ["a file that is cut off", '{"version": 1', /: it is not JSON$/],
    ["a merge that nobody finished", "{\n<<<<<<< HEAD\n", /: it has conflict markers of a merge$/],
  ] as const) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => parseLock(content),
        (error: unknown) =>
          KeelsonError.is(error) && error.code === "KEELSON_INVALID_INPUT" && state.test(error.message),
      );
    });
  }

  it("has a schema that says the same", () => {
    assert.deepEqual(fleetLockSchema["required"], ["version", "decision", "releases", "cost"]);
  });
});

describe("withReleases()", () => {
  it("adds, changes and takes away, and forgets an app that is nowhere", () => {
    const lock = withReleases(emptyLock, "shop", { eu1: digest(1), us1: digest(1) });
    const next = withReleases(lock, "shop", { eu1: null, us1: digest(2) });

    assert.deepEqual(next.releases, { shop: { us1: digest(2) } });
    assert.deepEqual(withReleases(next, "shop", { us1: null }).releases, {});
    assert.deepEqual(lock.releases, { shop: { eu1: digest(1), us1: digest(1) } });
  });
});
