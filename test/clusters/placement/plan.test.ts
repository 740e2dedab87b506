import assert from "node:assert/strict";
import type { Fleet } from "../../../clusters/fleet/fleet.ts";
import { everywhere, where } from "../../../clusters/fleet/select.ts";
import { divide, place } from "../../../clusters/placement/place.ts";
import { plan } from "../../../clusters/placement/plan.ts";
import type { PlacedApp } from "../../../clusters/placement/placement.ts";

describe("plan()", () => {
  const fleet: Fleet = {
    clusters: ["eu1", "eu2", "us1"].map((name, index) => ({
      name,
      labels: { env: "prod" },
      region: name.slice(0, 2),
      taints: [],
      capacity: { cpu: 4 * (index + 1), memoryGib: 64 },
      price: { cpuHour: 0.03 + index / 100, gibHour: 0 },
    })),
  };
  const request = { cpu: 1, memoryGib: 1 };
  const shop = (total: number): PlacedApp => ({
    name: "shop",
    place: place(where({ env: "prod" }))
      .pick(2)
      .spread({ by: "region", maxSkew: 1 })
      .replicas(divide.byCapacity(total)),
    request,
  });

  it("places by capacity, spread over regions, and says what it costs", () => {
    const { decision, cost, moves } = plan(fleet, [shop(10)]);

    assert.deepEqual(decision, { apps: { shop: { tier: 0, clusters: { eu2: 4, us1: 6 } } } });
    assert.deepEqual(cost, { before: { perHour: 0, unpriced: 0 }, after: { perHour: 0.46, unpriced: 0 } });
    assert.deepEqual(moves[0], { app: "shop", cluster: "eu2", from: 0, to: 4, why: "newly placed" });
  });

  it("divides on the cheapest clusters that have room", () => {
    const cheap = { ...shop(6), place: place(everywhere()).replicas(divide.byCost(6)) };

    assert.deepEqual(plan(fleet, [cheap]).decision.apps["shop"]?.clusters, { eu1: 4, eu2: 2 });
  });

  it("refuses what has no room, and says for each choice and cluster why", () => {
    const big = {
      ...shop(30),
      place: place(where({ region: "eu" }))
        .pick(2)
        .replicas(5),
    };
    const { refused, decision } = plan(fleet, [big]);

    assert.deepEqual(decision, { apps: {} });
    assert.deepEqual(refused, [
      {
        app: "shop",
        reasons: ["region=eu: 2 clusters are wanted, 1 can take it"],
        clusters: {
          eu1: "it has room for 4 of 5 replicas: too little processor",
          us1: "it does not match region=eu",
        },
      },
    ]);
  });

  it("fills the chosen clusters before the overflow, and leaves the overflow alone until a new plan is asked for", () => {
    const overflowing = (total: number): PlacedApp => ({
      ...shop(total),
      place: place(where({ region: "eu" }))
        .replicas(divide.evenly(total))
        .overflow(where({ region: "us" })),
    });
    const full = plan(fleet, [overflowing(15)]).decision;
    assert.deepEqual(full.apps["shop"]?.clusters, { eu1: 4, eu2: 8, us1: 3 });

    const roomy = {
      clusters: fleet.clusters.map((cluster) => ({ ...cluster, capacity: { cpu: 99, memoryGib: 99 } })),
    };
    assert.deepEqual(plan(roomy, [overflowing(15)], full).decision, full);
    assert.deepEqual(plan(roomy, [overflowing(13)], full).decision.apps["shop"]?.clusters, {
      eu1: 4,
      eu2: 8,
      us1: 1,
    });
    const afresh = plan(roomy, [overflowing(15)], full, { replan: ["shop"] }).decision;
    assert.deepEqual(afresh.apps["shop"]?.clusters, { eu1: 8, eu2: 7 });
  });

  it("fails over when its cluster is gone, and comes back only when it is told to", () => {
    const primary: PlacedApp = {
      name: "db",
      place: place(where({ region: "us" }))
        .fallback(where({ region: "eu" }))
        .pick(1)
        .replicas(1),
    };
    const before = plan(fleet, [primary]).decision;
    assert.deepEqual(before.apps["db"], { tier: 0, clusters: { us1: 1 } });

    const without = { clusters: fleet.clusters.filter(({ name }) => name !== "us1") };
    const { decision, moves } = plan(without, [primary], before);
    assert.deepEqual(decision.apps["db"], { tier: 1, clusters: { eu1: 1 } });
    assert.deepEqual(
      moves.map(({ why }) => why),
      ["takes over from us1", "the cluster is gone"],
    );

    assert.deepEqual(plan(fleet, [primary], decision).decision, decision);
    assert.deepEqual(plan(fleet, [primary], decision, { replan: true }).decision, before);
  });

  it("names two apps of one name and apps that there are not", () => {
    assert.throws(() => plan(fleet, [shop(1), shop(2)]), /apps\.shop: another app has this name/);
    assert.throws(() => plan(fleet, [shop(2)], { apps: {} }, { replan: ["shup"] }), /did you mean "shop"\?/);
  });

  it("takes clusters and apps whose names objects have by nature", () => {
    const odd = { clusters: [{ name: "constructor", labels: {}, taints: [] }] };
    const { decision } = plan(odd, [{ name: "valueof", place: place(everywhere()) }], { apps: {} });

    assert.deepEqual(decision.apps["valueof"]?.clusters, { constructor: 2 });
  });
});
