import assert from "node:assert/strict";
import { drainBlockers } from "../../kube/drain-blockers.ts";
import type { Budget, DrainPolicy, Volume } from "../../kube/drain-blockers.ts";
import type { Pod } from "../../kube/pods-to-move.ts";

const replicaSet = { ownerReferences: [{ kind: "ReplicaSet", controller: true }] };
const ready = { conditions: [{ type: "Ready", status: "True" }] };

function pod(changes: { metadata?: object; spec?: object; status?: object } = {}): Pod {
  const metadata = { name: "web-1", namespace: "shop", uid: "u1", labels: { app: "web" }, ...replicaSet };
  return { spec: {}, status: ready, ...changes, metadata: { ...metadata, ...changes.metadata } };
}

function budget(status: Budget["status"], changes: { name?: string; spec?: object } = {}): Budget {
  const { name = "web", spec = {} } = changes;
  return {
    metadata: { name, namespace: "shop", generation: 1 },
    spec: { selector: { matchLabels: { app: "web" } }, ...spec },
    status: { observedGeneration: 1, ...status },
  };
}

const never = budget({ disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 });
const local: Volume = {
  metadata: { name: "pv-1" },
  spec: { local: {}, claimRef: { namespace: "shop", name: "data" } },
};
const claim = { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }] };

interface Case {
  readonly title: string;
  readonly pod?: Pod;
  readonly budgets?: readonly Budget[];
  readonly volumes?: readonly Volume[];
  readonly policy?: DrainPolicy;
  readonly says: RegExp | undefined;
}

const cases: readonly Case[] = [
  { title: "lets a pod of a controller go", says: undefined },
  {
    title: "names a pod that nothing would make anew",
    pod: pod({ metadata: { ownerReferences: [] } }),
    says: /belongs to no controller/,
  },
  {
    title: "gives such a pod up when it is forced to",
    pod: pod({ metadata: { ownerReferences: [] } }),
    policy: { force: true },
    says: undefined,
  },
  {
    title: "names a budget that wants as many pods as there are",
    budgets: [never],
    says: /kept by budget "web", which wants 1 healthy of 1 pods and so never lets one go/,
  },
  {
    title: "waits for a budget whose other pods may become healthy",
    budgets: [budget({ disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 2 })],
    says: undefined,
  },
  {
    title: "passes over a budget of other pods",
    pod: pod({ metadata: { labels: { app: "api" } } }),
    budgets: [never],
    says: undefined,
  },
  {
    title: "passes over a budget without a selector",
    budgets: [budget(never.status, { spec: { selector: null } })],
    says: undefined,
  },
  {
    title: "takes an empty selector for all pods of the namespace",
    budgets: [budget(never.status, { spec: { selector: {} } })],
    says: /never lets one go/,
  },
  {
    title: "does not judge by a status that lags behind",
    budgets: [budget({ ...never.status, observedGeneration: 0 })],
    says: undefined,
  },
  {
    title: "lets a sick pod go where the budget does",
    pod: pod({ status: {} }),
    budgets: [budget(never.status, { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } })],
    says: undefined,
  },
  {
    title: "names a pod that several budgets cover",
    budgets: [budget({ disruptionsAllowed: 1 }), budget({ disruptionsAllowed: 1 }, { name: "all" })],
    says: /several budgets, "web", "all"/,
  },
  {
    title: "names a pod whose data stay on the host",
    pod: pod({ spec: claim }),
    volumes: [local],
    says: /keeps its data on this host, in volume "pv-1"/,
  },
  {
    title: "lets a pod go whose data are elsewhere",
    pod: pod({ spec: claim }),
    volumes: [{ ...local, spec: { claimRef: { namespace: "shop", name: "data" } } }],
    says: undefined,
  },
  {
    title: "lets scratch data go",
    pod: pod({ spec: { volumes: [{ name: "tmp", emptyDir: {} }] } }),
    says: undefined,
  },
  {
    title: "keeps scratch data where they matter, even when it is forced to go",
    pod: pod({ spec: { volumes: [{ name: "tmp", emptyDir: {} }] } }),
    policy: { deleteEmptyDir: false, force: true },
    says: /would lose the emptyDir "tmp"/,
  },
  {
    title: "passes over a pod that is on its way",
    pod: pod({ metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", ownerReferences: [] } }),
    says: undefined,
  },
];

describe("drainBlockers", () => {
  for (const { title, pod: one = pod(), budgets = [], volumes = [], policy, says } of cases) {
    it(title, () => {
      const found = drainBlockers({ pods: [one], budgets, volumes }, policy);
      assert.equal(found.length, says === undefined ? 0 : 1);
      if (says === undefined) return;
      assert.match(found[0]?.message ?? "", says);
      assert.deepEqual([found[0]?.code, found[0]?.where], ["KEELSON_DRAIN_BLOCKED", "pod shop/web-1"]);
    });
  }
});
