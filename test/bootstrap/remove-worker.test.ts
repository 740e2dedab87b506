import assert from "node:assert/strict";
import { drainAnnotation } from "../../kube/drain.ts";
import { hostAnnotation, ownerAnnotation } from "../../bootstrap/node-settings.ts";
import type { WorkerRequest } from "../../bootstrap/operation.ts";
import { removeWorker } from "../../bootstrap/remove-worker.ts";
import { KeelsonError } from "../../errors.ts";
import { cluster, clusterHost, identity, operationOn } from "../support/bootstrap.ts";
import { FakeCluster, fakeNode, fakePod } from "../support/fake-cluster.ts";
import type { FakeNode } from "../support/fake-cluster.ts";
import { FakeRunner, fakePool } from "../support/fake-runner.ts";

const { clusterId } = identity;
const owned = { annotations: { [ownerAnnotation]: clusterId, [hostAnnotation]: "w1" } };
const token = { clusterId, clusterName: "edge", name: "w1", nodeName: "w1", role: "worker" };
const drainW1 = ["PATCH /api/v1/nodes/w1", "POST /api/v1/namespaces/shop/pods/web-1/eviction"];

describe("removeWorker", () => {
  let api: FakeCluster;
  let host: FakeRunner;
  let facts: Record<string, string>;
  const controlPlane = new FakeRunner("cp1");

  const node = (changes: Parameters<typeof fakeNode>[1] = {}): FakeNode =>
    fakeNode("w1", { metadata: owned, ...changes });

  async function begin(nodes: readonly FakeNode[], owner: object = token): Promise<void> {
    api = await FakeCluster.start(nodes, [fakePod("web-1", "w1"), fakePod("web-2", "w2")]);
    controlPlane.dialer = api.dial;
    facts = { owner: JSON.stringify(owner), present: "/etc/kubernetes/kubelet.conf", kubelet: "ok", end: "" };
    host = new FakeRunner("w1").when(
      ["sh -s", () => sections(facts)],
      [/^mkdir -p -m 700 .*flock/s, "held\n"],
      [
        /--unit=keelson-run-reset/,
        () => {
          facts = { end: "" };
          return "";
        },
      ],
    );
  }

  afterEach(() => api.stop());

  async function remove(
    changes: Partial<WorkerRequest> = {},
    preview = false,
  ): Promise<{ left: readonly string[]; intents: readonly string[] }> {
    const pool = fakePool(host, controlPlane);
    const { operation, intents } = operationOn([], { pool, preview });
    const left = await removeWorker(operation, {
      ...{ cluster, clusterId, caCertificate: "CA" },
      access: {
        kubeconfig: api.kubeconfig,
        controlPlane: [{ ...clusterHost("controlPlane"), connection: { address: "10.0.0.11" } }],
      },
      host: { ...clusterHost("worker"), connection: { address: "10.0.0.21" } },
      ...changes,
    });
    return { left, intents };
  }

  const silence = (): never => {
    throw new KeelsonError("KEELSON_HOST_UNREACHABLE", "Cannot reach 10.0.0.21:22");
  };
  const wasReset = (): boolean => host.commands.some((line) => line.includes("keelson-run-reset"));

  it("drains the Node, resets the host and removes the Node", async () => {
    await begin([node(), fakeNode("w2")]);
    const { left, intents } = await remove();
    assert.deepEqual(intents, [
      "drain the Node: 1 pod moves (shop/web-1)",
      "reset the host",
      "remove the Node",
    ]);
    assert.deepEqual(api.changes, [...drainW1, "DELETE /api/v1/nodes/w1"]);
    assert.ok(wasReset());
    assert.deepEqual(left, []);
  });

  it("previews exactly this and touches nothing", async () => {
    await begin([node(), fakeNode("w2")]);
    const previewed = await remove({}, true);
    assert.deepEqual([api.changes, wasReset()], [[], false]);
    assert.deepEqual(previewed.intents, (await remove()).intents);
  });

  it("names what keeps a pod before it touches anything, in a preview as well", async () => {
    await begin([node(), fakeNode("w2")]);
    api.pods.set("debug", fakePod("debug", "w1", { ownerReferences: [] }));
    for (const preview of [true, false]) {
      await assert.rejects(remove({}, preview), /pod shop\/debug: belongs to no controller.*DRAIN_BLOCKED/);
    }
    assert.deepEqual([api.changes, wasReset()], [[], false]);
    await remove({ drain: { force: true } });
    assert.ok(wasReset());
  });

  it("does not drain a node whose pods could go nowhere", async () => {
    const taints = [{ key: "dedicated", effect: "NoSchedule" as const }];
    await begin([node(), fakeNode("w2", { spec: { taints } }), fakeNode("w3", { ready: false })]);
    await remove();
    assert.deepEqual(api.changes, ["DELETE /api/v1/nodes/w1"]);
  });

  it("removes the Node of a dead host and says what the host still holds", async () => {
    await begin([node({ ready: false }), fakeNode("w2")]);
    host.when([/./, silence]);
    const { left } = await remove();
    assert.deepEqual(api.changes, ["DELETE /api/v1/nodes/w1"]);
    assert.match(left.join("\n"), /^Host w1 does not answer and was not reset: .*Install it anew[^\n]*$/);
  });

  it("does not wait for the pods of a kubelet that is dead", async () => {
    await begin([node({ ready: false }), fakeNode("w2")]);
    facts["kubelet"] = "";
    await remove();
    assert.deepEqual(api.changes, ["DELETE /api/v1/nodes/w1"]);
    assert.ok(wasReset());
  });

  it("resets the host when the API is dead, and says which Node is left", async () => {
    await begin([node()]);
    controlPlane.dialer = () => Promise.reject(new Error("connection refused"));
    const { left } = await remove();
    assert.ok(wasReset());
    assert.match(left.join("\n"), /^Node "w1" was not removed, for the API does not answer/);
  });

  it("leaves a host alone that belongs to another cluster, and a Node without the cluster's mark", async () => {
    await begin([fakeNode("w1"), fakeNode("w2")], { ...token, clusterId: "other-1" });
    const { left } = await remove();
    assert.deepEqual([api.changes, wasReset()], [[], false]);
    assert.match(left.join("\n"), /^Node "w1" was not removed: it does not carry the cluster's mark/);
  });

  for (const [what, metadata, name] of [
    [
      "its Node and its host say",
      { annotations: { ...owned.annotations, [hostAnnotation]: "web1" } },
      "web1",
    ],
    ["only its host says, for the run was cut off", owned, "web1"],
  ] as const) {
    it(`leaves a node alone that is declared under another name now, as ${what}`, async () => {
      await begin([node({ metadata }), fakeNode("w2")], { ...token, name });
      assert.deepEqual(await remove(), { left: [], intents: [] });
      assert.deepEqual([api.changes, wasReset()], [[], false]);
    });
  }

  it("takes down one node of a pool after the other", async () => {
    const second = {
      ...clusterHost("worker", { name: "w2", nodeName: "w2" }),
      connection: { address: "w2" },
    };
    const annotations = { [ownerAnnotation]: clusterId, [hostAnnotation]: "w2" };
    await begin([node(), fakeNode("w2", { metadata: { annotations } }), fakeNode("w3")]);
    const other = new FakeRunner("w2").when(["sh -s", () => sections({ kubelet: "ok", end: "" })]);
    const lines: string[] = [];
    const pool = fakePool(host, other, controlPlane);
    const { operation } = operationOn([], { pool, log: (name, line) => lines.push(`${name}: ${line}`) });
    const access = {
      kubeconfig: api.kubeconfig,
      controlPlane: [{ ...clusterHost("controlPlane"), connection: { address: "10.0.0.11" } }],
    };
    const request = { cluster, clusterId, caCertificate: "CA", access };
    let waiting = 0;
    api.answer = ({ path }) => {
      // The first eviction is refused until the other node has been seen to wait for it.
      waiting = lines.filter((line) => line.includes("waits for")).length;
      const isKept = path.endsWith("/eviction") && waiting === 0;
      return isKept ? { status: 429, body: { details: { causes: [{ message: "busy" }] } } } : undefined;
    };

    await Promise.all([
      removeWorker(operation, {
        ...request,
        host: { ...clusterHost("worker"), connection: { address: "w1" } },
      }),
      removeWorker(operation, { ...request, host: second }),
    ]);

    assert.match(lines.join("\n"), /w[12]: waits for w[12]: at most 1 of its pool may be away/);
    assert.deepEqual([...api.nodes.keys()], ["w3"]);
    const cordons = api.changes.filter((change) => change.startsWith("PATCH"));
    assert.equal(cordons.length, 2, drainAnnotation);
  });
});

function sections(facts: Readonly<Record<string, string>>): string {
  return Object.entries(facts)
    .map(([name, text]) => `\u001e${name}\n${text}\n`)
    .join("");
}
