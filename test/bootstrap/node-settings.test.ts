import assert from "node:assert/strict";
import fc from "fast-check";
import type { Taint } from "../../clusters/cluster.ts";
import type { NodeFacts } from "../../bootstrap/node-facts.ts";
import { drainAnnotation } from "../../kube/drain.ts";
import { nodePatch } from "../../bootstrap/node-settings.ts";

const key = fc.constantFrom("tier", "zone", "team", "disk");
const labels = fc.dictionary(key, fc.constantFrom("a", "b"));
const taint = fc.record({
  key,
  value: fc.constantFrom("x", "y"),
  effect: fc.constantFrom<Taint["effect"]>("NoSchedule", "NoExecute"),
});
const taints = fc.uniqueArray(taint, { selector: (each) => `${each.key}:${each.effect}`, maxLength: 4 });
const wanted = fc.record({ labels, taints });

const bare: NodeFacts = {
  ready: true,
  reason: "",
  schedulable: true,
  labels: {},
  taints: [],
  annotations: {},
  kubeletVersion: "1.35.4",
};

function patched(node: NodeFacts, host: { labels: Record<string, string>; taints: Taint[] }): NodeFacts {
  const patch = nodePatch({ name: "w1", ...host }, "id", node);
  if (!patch) return node;
  const kept = Object.entries({ ...node.labels, ...patch.labels }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return {
    ...node,
    labels: Object.fromEntries(kept),
    taints: patch.taints ?? node.taints,
    annotations: Object.fromEntries(
      Object.entries({ ...node.annotations, ...patch.annotations }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      ),
    ),
  };
}

describe("nodePatch", () => {
  it("leaves nothing to do once it is applied", () => {
    fc.assert(
      fc.property(wanted, labels, taints, (host, foreignLabels, foreignTaints) => {
        const node = { ...bare, labels: foreignLabels, taints: foreignTaints };
        assert.equal(nodePatch({ name: "w1", ...host }, "id", patched(node, host)), undefined);
      }),
    );
  });

  it("takes back what it once set and nothing else", () => {
    fc.assert(
      fc.property(wanted, (host) => {
        const foreign = {
          ...bare,
          labels: { "example.com/own": "1" },
          taints: [{ key: "example.com/own", effect: "NoSchedule" as const }],
        };
        const back = patched(patched(foreign, host), { labels: {}, taints: [] });
        assert.deepEqual(back.labels, foreign.labels);
        assert.deepEqual(back.taints, foreign.taints);
      }),
    );
  });

  it("gives a Node back that a killed drain left cordoned, and no other", () => {
    const settled = patched(bare, { labels: {}, taints: [] });
    const cordoned = { ...settled, schedulable: false };
    assert.equal(nodePatch({ name: "w1", labels: {}, taints: [] }, "id", cordoned), undefined);
    const annotations = { ...settled.annotations, [drainAnnotation]: "true" };
    const patch = nodePatch({ name: "w1", labels: {}, taints: [] }, "id", { ...cordoned, annotations });
    assert.deepEqual([patch?.uncordon, patch?.summary], [true, "schedulable again"]);
    assert.deepEqual(patch?.annotations, { [drainAnnotation]: null });
  });

  it("says what it changes", () => {
    const node = patched(bare, { labels: { zone: "a" }, taints: [] });
    const patch = nodePatch(
      { name: "w1", labels: { tier: "a" }, taints: [{ key: "db", effect: "NoSchedule" }] },
      "id",
      node,
    );
    assert.equal(patch?.summary, "labels tier, -zone; taints db");
  });
});
