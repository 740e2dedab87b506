import assert from "node:assert/strict";
import { describeEvent } from "../../cli/fleet/events.ts";
import { readFleetArguments } from "../../cli/fleet/options.ts";
import { type SetState, setsIn, withRunning } from "../../cli/fleet/stack-state.ts";
import { formatRows, statusRows } from "../../cli/fleet/status.ts";
import { emptyLock, startRollout, withReleases } from "../../clusters/index.ts";
import { digestOf } from "../support/fake-fleet.ts";

describe("keelson fleet status", () => {
  it("shows each cluster with its wave, its state and what the lock wants", () => {
    const rules = { maxFailures: 0, onFailure: "rollback", deadlineSeconds: 600 } as const;
    const waves = [
      { name: "canary", approval: false, clusters: ["eu1"] },
      { name: "rest", approval: false, clusters: ["us1"] },
    ];
    const [from, to] = [{ eu1: digestOf("1") }, { eu1: digestOf("1"), us1: digestOf("2") }];
    const rollout = startRollout({ app: "shop", rules, waves, from, to });
    const lock = withReleases(emptyLock, "shop", { eu1: digestOf("1"), old: digestOf("0") });

    assert.equal(
      formatRows(statusRows("shop", lock, rollout)),
      [
        "app   cluster  wave    state    release",
        "shop  eu1      canary  applied  111111111111",
        "shop  us1      rest    waiting  none",
        "shop  old      -       -        000000000000",
      ].join("\n"),
    );
    assert.deepEqual(statusRows("other", lock, undefined), []);
  });
});

describe("keelson fleet", () => {
  it("reads its words", () => {
    assert.deepEqual(readFleetArguments(["up", "shop", "-C", "prod", "--json", "--allow-removal", "shop"]), {
      command: "up",
      apps: ["shop"],
      directory: "prod",
      lock: "fleet.lock.json",
      json: true,
      approve: false,
      retry: false,
      ignoreWindows: false,
      allowRemoval: ["shop"],
      planning: { module: "fleet.ts", replan: [], giveUp: [], takeBack: [], write: false },
    });
    assert.deepEqual(
      readFleetArguments(["plan", "--replan", "all", "--fleet", "eu.ts", "--write"]).planning,
      {
        module: "eu.ts",
        replan: true,
        giveUp: [],
        takeBack: [],
        write: true,
      },
    );
    assert.equal(readFleetArguments(["up", "--allow-removal", "all"]).allowRemoval, true);
  });

  for (const words of [[], ["upp"], ["up", "--jason"]]) {
    it(`refuses ${JSON.stringify(words)} and says what there is`, () => {
      assert.throws(
        () => readFleetArguments(words),
        (error: { code: string; fix: string }) =>
          error.code === "KEELSON_INVALID_INPUT" && error.fix.includes("keelson fleet up"),
      );
    });
  }

  it("finds the sets of a stack, whatever else is in it", () => {
    const set = { type: "keelson:index:AppliedSet", inputs: { cluster: "eu1" }, outputs: { objects: 3 } };
    const urn = "urn:pulumi:prod::shop::keelson:index:Workload$keelson:index:AppliedSet::eu1/shop";
    const other = {
      type: "pulumi:pulumi:Stack",
      urn: "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod",
    };

    const sets = setsIn(JSON.stringify({ version: 3, deployment: { resources: [other, { ...set, urn }] } }));

    assert.deepEqual([...sets], [["eu1/shop", { inputs: set.inputs, outputs: set.outputs }]]);
    assert.deepEqual([...setsIn(JSON.stringify({ version: 3, deployment: {} }))], []);
  });

  it("begins with what runs where there was no lock, and leaves what a lock says alone", () => {
    const set = (digest: string): SetState => ({
      inputs: { cluster: "", store: "", release: digest, inventory: { name: "a", namespace: "b" } },
      outputs: { applied: digest },
    });
    const sets = new Map([
      ["eu1/shop", set(digestOf("1"))],
      ["us1/shop", set(digestOf("2"))],
      ["eu1/docs", set(digestOf("3"))],
    ]);
    const lock = withReleases(emptyLock, "docs", { us1: digestOf("4") });

    assert.deepEqual(withRunning(lock, sets).releases, {
      docs: { us1: digestOf("4") },
      shop: { eu1: digestOf("1"), us1: digestOf("2") },
    });
  });

  for (const [event, line] of [
    [
      {
        type: "begins",
        app: "shop",
        waves: [["a"], ["b", "c"]],
        names: ["canary", "rest"],
        states: {},
        resumed: false,
      },
      "shop: begins in 2 waves: 1: a; 2: b, c",
    ],
    [
      { type: "wave", app: "shop", wave: "canary", do: "advance", clusters: ["a"] },
      'shop: wave "canary": brings the release to a',
    ],
    [{ type: "cluster", app: "shop", cluster: "a", state: "failed", reason: "no" }, "shop: a is failed: no"],
    [{ type: "ends", app: "shop", exitCode: 4 }, "shop: some clusters still wait for the release"],
  ] as const) {
    it(`says "${line}"`, () => {
      assert.equal(describeEvent(event), line);
    });
  }
});
