import assert from "node:assert/strict";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { parseFacts } from "../../../bootstrap/facts/parse.ts";
import { endpointClients } from "../../../bootstrap/phases/endpoint-clients.ts";
import { completeEndpoint } from "../../../clusters/endpoint.ts";
import type { ClusterHost } from "../../../clusters/cluster.ts";
import { blankView, cluster } from "../../support/bootstrap.ts";

const endpoint = completeEndpoint({ vip: "10.0.0.100" }, { cp1: "10.0.0.11" });

function intentsOf(role: ClusterHost["role"], servers: Readonly<Record<string, string>>): readonly string[] {
  const blank = blankFacts({ name: "x" });
  const facts = { ...blank, kubernetes: { ...blank.kubernetes, servers } };
  const view = blankView(role, { facts, cluster: { ...cluster, endpoint } });
  return endpointClients.plan(view).map(({ intent }) => intent);
}

describe("endpointClients", () => {
  it("leads a worker's kubelet to the endpoint", () => {
    const servers = { "/etc/kubernetes/kubelet.conf": "https://10.0.0.11:6443" };
    assert.deepEqual(intentsOf("worker", servers), [
      "lead /etc/kubernetes/kubelet.conf to https://10.0.0.100:6443",
    ]);
  });

  it("leads a control plane's kubelet to the API server beside it, and its administrator to the endpoint", () => {
    const servers = {
      "/etc/kubernetes/kubelet.conf": "https://10.0.0.11:6443",
      "/etc/kubernetes/admin.conf": "https://127.0.0.1:7443",
    };
    assert.deepEqual(intentsOf("controlPlane", servers), [
      "lead /etc/kubernetes/admin.conf to https://10.0.0.100:6443",
    ]);
  });

  it("makes nothing of what is not there", () => {
    assert.deepEqual(intentsOf("worker", {}), []);
    assert.deepEqual(intentsOf("controlPlane", {}), []);
  });

  it("reads servers from the host, and nothing else of what is in a kubeconfig", () => {
    const output =
      "\u001ekubeconfigs\n/etc/kubernetes/kubelet.conf:\n/etc/kubernetes/kubelet.conf:    server: https://10.0.0.11:6443\n\u001eend\n";
    const { servers } = parseFacts(output, 0).kubernetes;
    assert.deepEqual(servers, { "/etc/kubernetes/kubelet.conf": "https://10.0.0.11:6443" });
  });
});
