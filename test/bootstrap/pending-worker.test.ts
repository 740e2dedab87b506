import assert from "node:assert/strict";
import { managedAnnotation, hostAnnotation, ownerAnnotation } from "../../bootstrap/node-settings.ts";
import type { PendingWork } from "../../bootstrap/operation.ts";
import { pendingWorker } from "../../bootstrap/worker.ts";
import { KeelsonError } from "../../errors.ts";
import { cluster, clusterHost, identity, operationOn } from "../support/bootstrap.ts";
import type { Answer } from "../support/api-server.ts";
import { FakeCluster, fakeNode } from "../support/fake-cluster.ts";
import type { FakeNode } from "../support/fake-cluster.ts";
import { FakeRunner, fakePool } from "../support/fake-runner.ts";

const { clusterId } = identity;
const annotations = {
  [ownerAnnotation]: clusterId,
  [hostAnnotation]: "w1",
  [managedAnnotation]: JSON.stringify({ labels: ["tier"], taints: [] }),
};

describe("pendingWorker", () => {
  let api: FakeCluster;
  let host: FakeRunner;
  let configz: Answer;

  beforeEach(async () => {
    api = await FakeCluster.start([wanted()]);
    host = new FakeRunner("w1");
    configz = { body: { kubeletconfig: { maxPods: 110 } } };
    api.answer = ({ path }) => (path === "/api/v1/nodes/w1/proxy/configz" ? configz : undefined);
  });

  afterEach(() => api.stop());

  function wanted(labels: object = { tier: "general" }): FakeNode {
    const node = fakeNode("w1", { metadata: { labels, annotations } });
    return { ...node, status: { ...node.status, nodeInfo: { kubeletVersion: "v1.35.4" } } };
  }

  function read(): Promise<PendingWork> {
    const controlPlane = new FakeRunner("cp1");
    controlPlane.dialer = api.dial;
    const { operation } = operationOn([], { pool: fakePool(host, controlPlane) });
    return pendingWorker(operation, {
      ...{ cluster, clusterId, caCertificate: "CA" },
      access: {
        kubeconfig: api.kubeconfig,
        controlPlane: [{ ...clusterHost("controlPlane"), connection: { address: "10.0.0.11" } }],
      },
      host: {
        ...clusterHost("worker", { labels: { tier: "general" } }),
        connection: { address: "10.0.0.21" },
      },
    });
  }

  it("asks only the API as long as Node and kubelet are as wanted", async () => {
    assert.deepEqual(await read(), []);
    assert.deepEqual(host.ran, []);
  });

  it("looks at the host when its kubelet does not answer, even if its Node is Ready still", async () => {
    configz = {
      status: 503,
      body: { kind: "Status", message: "dial tcp 10.0.0.21:10250: connection refused" },
    };
    host.when([
      "sh -s",
      () => {
        throw new KeelsonError("KEELSON_HOST_UNREACHABLE", "Cannot reach 10.0.0.21:22");
      },
    ]);

    assert.equal(await read(), undefined);
    assert.equal(host.ran.length, 1);
  });

  it("looks at the host when a label is gone", async () => {
    api.nodes.set("w1", wanted({}));
    host.when([
      "sh -s",
      () => {
        throw new KeelsonError("KEELSON_HOST_KEY_CHANGED", "Cannot trust w1");
      },
    ]);

    assert.deepEqual(await read(), [{ host: "w1", what: "look at the host anew: its SSH key changed" }]);
  });
});
