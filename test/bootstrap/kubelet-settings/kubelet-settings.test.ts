import assert from "node:assert/strict";
import fc from "fast-check";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { kubeletDifferences } from "../../../bootstrap/kubelet-settings/difference.ts";
import { kubeletSettings } from "../../../bootstrap/kubelet-settings/phase.ts";
import { inTurn } from "../../../bootstrap/kubelet-settings/turns.ts";
import { kubeletPatches } from "../../../bootstrap/phases/kubelet.ts";
import { kubeletProblems } from "../../../clusters/settings/kubelet.ts";
import { KeelsonError } from "../../../errors.ts";
import { blankView, clusterHost } from "../../support/bootstrap.ts";

const live = { maxPods: 110, evictionHard: { "memory.available": "100Mi" }, theirs: true };

describe("kubeletDifferences", () => {
  it("are none where the configuration has what is wanted and more", () => {
    const wanted = { evictionHard: { "memory.available": "100Mi" } };
    assert.deepEqual(kubeletDifferences(wanted, { live, noted: wanted }), []);
    assert.deepEqual(kubeletDifferences({}, { live, noted: {} }), []);
  });

  it("name what is new, what was changed by hand, and what is wanted no more", () => {
    assert.deepEqual(kubeletDifferences({ maxPods: 150 }, { live, noted: { podsPerCore: 10 } }), [
      "maxPods=150 (was 110)",
      "no podsPerCore",
    ]);
    assert.deepEqual(kubeletDifferences({ maxPods: 150 }, { live, noted: { maxPods: 150 } }), [
      "maxPods=150 (was 110)",
    ]);
  });

  it("see what was written but not noted", () => {
    assert.deepEqual(kubeletDifferences({ maxPods: 110 }, { live, noted: {} }), ["maxPods=110"]);
  });

  it("never name a key that the program neither wants nor wanted", () => {
    const fields = fc.dictionary(
      fc.constantFrom("maxPods", "podsPerCore", "registryBurst", "eventBurst"),
      fc.nat(9),
    );
    fc.assert(
      fc.property(fields, fields, fields, (wanted, has, noted) => {
        const named = kubeletDifferences(wanted, { live: has, noted }).map(
          (words) => /(\w+)(=|$)/.exec(words)?.[1],
        );
        for (const key of named) assert.ok(key !== undefined && (key in wanted || key in noted));
      }),
    );
  });
});

describe("kubeletSettings", () => {
  const host = clusterHost("worker", { kubelet: { maxPods: 150 } });

  it("are written before a host joins, and changed by a restart after it has", () => {
    const blank = blankView("worker", { host });
    assert.ok(kubeletPatches.plan(blank).some(({ intent }) => intent === "write the kubelet's settings"));
    assert.deepEqual(kubeletSettings.plan(blank), []);
    const facts = blankFacts(host);
    const kubernetes = {
      ...facts.kubernetes,
      kubeletConf: true,
      kubelet: { live, noted: {}, isUnproven: false },
    };
    const joined = blankView("worker", { host, facts: { ...facts, kubernetes } });
    assert.deepEqual(
      kubeletSettings.plan(joined).map(({ intent }) => intent),
      ["restart the kubelet with maxPods=150 (was 110)"],
    );
    assert.ok(kubeletPatches.plan(joined).every(({ intent }) => intent !== "write the kubelet's settings"));
  });
});

describe("inTurn", () => {
  const turn = (host: string, changes: object = {}) => ({
    clusterId: "turns",
    host,
    pool: "general",
    limit: 1,
    settings: "{}",
    signal: new AbortController().signal,
    onWaiting: () => undefined,
    pauseMs: 1,
    ...changes,
  });

  it("lets no more than the limit work at once, and every one in the end", async () => {
    let [now, most, done] = [0, 0, 0];
    const work = async (): Promise<void> => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      done += 1;
    };
    await Promise.all(["a", "b", "c", "d", "e"].map((host) => inTurn(turn(host, { limit: 2 }), work)));
    assert.deepEqual([most, done], [2, 5]);
  });

  it("does not try on the next what one has refused, but tries it there again, and other settings everywhere", async () => {
    const pool = "picky";
    const refuse = (): Promise<void> => Promise.reject(new KeelsonError("KEELSON_SETTING_REFUSED", "no"));
    let tried = 0;
    const work = (): Promise<void> => {
      tried += 1;
      return Promise.resolve();
    };
    await assert.rejects(inTurn(turn("a", { pool }), refuse));
    await assert.rejects(inTurn(turn("b", { pool }), work), /"a" of the same pool refused/);
    assert.equal(tried, 0);
    await inTurn(turn("b", { pool, settings: "other" }), work);
    await inTurn(turn("a", { pool }), work);
    assert.equal(tried, 2);
  });
});

describe("kubeletProblems", () => {
  it("accepts fields of Kubernetes", () => {
    const settings = {
      maxPods: 150,
      podPidsLimit: -1,
      systemReserved: { cpu: "200m" },
      shutdownGracePeriod: "1m30s",
      featureGates: { X: true },
      logging: { format: "json" },
    };
    assert.deepEqual(kubeletProblems(settings), []);
  });

  const refused: readonly (readonly [string, object, RegExp])[] = [
    ["a field that there is not", { maxPod: 1 }, /no such property, did you mean "maxPods"/],
    ["a field of keelson's", { clusterDNS: ["10.0.0.1"] }, /sets this field itself: see network/],
    ["a number as text", { maxPods: "150" }, /not a whole number|not a number/],
    ["a duration without a unit", { shutdownGracePeriod: "30" }, /not a duration such as 5m0s/],
  ];
  for (const [what, settings, expected] of refused) {
    it(`refuses ${what}`, () => {
      assert.match(kubeletProblems(settings)[0]?.message ?? "", expected);
    });
  }
});
