import assert from "node:assert/strict";
import { diffLocks, formatLockDiff } from "../../../clusters/lock/diff.ts";
import { emptyLock, withPlan, withReleases } from "../../../clusters/lock/lock.ts";
import { defineFleet } from "../../../clusters/fleet/define-fleet.ts";
import { where } from "../../../clusters/fleet/select.ts";
import { divide, place } from "../../../clusters/placement/place.ts";
import { plan } from "../../../clusters/placement/plan.ts";

const price = { cpuHour: 0.1, gibHour: 0 };
const prod = { labels: { env: "prod" }, price };
const app = {
  name: "shop",
  place: place(where({ env: "prod" }))
    .pick(2)
    .replicas(divide.evenly(4)),
  request: { cpu: 1, memoryGib: 1 },
};
const first = plan(defineFleet({ eu1: prod, eu2: prod }), [app]);
const before = withReleases(withPlan(emptyLock, first), "shop", {
  eu1: `sha256:${"1".repeat(64)}`,
  eu2: `sha256:${"2".repeat(64)}`,
});

describe("diffLocks()", () => {
  it("says what moves and why, which releases change, and what it costs", () => {
    const dearer = { ...prod, price: { cpuHour: 0.2, gibHour: 0 } };
    const next = plan(defineFleet({ eu1: prod, us1: dearer }), [app], before.decision);
    const after = withReleases(withPlan(before, next), "shop", { eu1: `sha256:${"3".repeat(64)}` });

    const diff = diffLocks(before, after, next.moves);

    assert.deepEqual(diff.apps, [
      {
        app: "shop",
        replicas: [
          { cluster: "eu2", from: 2, to: 0, why: "the cluster is gone" },
          { cluster: "us1", from: 0, to: 2, why: "takes over from eu2" },
        ],
        releases: [{ cluster: "eu1", from: `sha256:${"1".repeat(64)}`, to: `sha256:${"3".repeat(64)}` }],
      },
    ]);
    assert.equal(
      formatLockDiff(diff),
      [
        "shop",
        "  - eu2: 2 replicas (the cluster is gone)",
        "  + us1: 2 replicas (takes over from eu2)",
        "  eu1: release 111111111111 -> 333333333333",
        "Cost per hour: 0.40 -> 0.60 (+0.20)",
        "",
      ].join("\n"),
    );
  });

  it("says that nothing changes", () => {
    assert.equal(
      formatLockDiff(diffLocks(before, before)),
      "No changes\nCost per hour: 0.40 -> 0.40 (+0.00)\n",
    );
  });

  it("shows an app that goes away and one that falls back", () => {
    const fallback = { ...before, decision: { apps: { shop: { tier: 1, clusters: { eu1: 2, eu2: 3 } } } } };
    const gone = { ...before, decision: { apps: {} } };

    assert.match(
      formatLockDiff(diffLocks(before, fallback)),
      /^shop\n {2}choice 1 -> 2\n {2}~ eu2: 2 -> 3 replicas\n/,
    );
    assert.match(
      formatLockDiff(diffLocks(before, gone)),
      /^shop\n {2}- eu1: 2 replicas\n {2}- eu2: 2 replicas\n/,
    );
  });
});
