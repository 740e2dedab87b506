import assert from "node:assert/strict";
import { factsFile, factsFrom } from "../../cli/fleet/gather-facts.ts";
import { parseFleetFacts } from "../../clusters/index.ts";

describe("keelson fleet facts", () => {
  it("adds up what the nodes take, without those that take no pods", () => {
    const facts = factsFrom("v1.35.4-eks-1", [
      node("w1", { cpu: "3920m", memory: "14Gi", pods: "110", "nvidia.com/gpu": "2" }),
      node("w2", { cpu: "4", memory: "16777216Ki", pods: "110" }),
      node("cp1", { cpu: "8", memory: "32Gi", pods: "110" }, { taints: [{ effect: "NoSchedule" }] }),
      node("w3", { cpu: "8", memory: "32Gi", pods: "110" }, { unschedulable: true }),
    ]);

    assert.deepEqual(facts, {
      kubernetes: "1.35.4",
      region: "eu-west-1",
      provider: "aws",
      arch: "amd64",
      capacity: { cpu: 7.92, memoryGib: 30, pods: 220, gpu: 2 },
    });
  });

  it("leaves out what nobody knows", () => {
    assert.deepEqual(factsFrom("devel", []), {});
    assert.deepEqual(factsFrom("v1.36.3", [{ apiVersion: "v1", kind: "Node", metadata: { name: "n" } }]), {
      kubernetes: "1.36.3",
      capacity: { cpu: 0, memoryGib: 0, pods: 0 },
    });
  });

  it("makes a file that the fleet takes", () => {
    const facts = { eu1: factsFrom("v1.35.4", [node("w1", { cpu: "4", memory: "8Gi", pods: "110" })]) };

    const file = factsFile(facts, new Date("2026-11-21T10:00:00Z"));

    assert.deepEqual(parseFleetFacts(JSON.parse(JSON.stringify(file))).clusters, facts);
  });
});

function node(
  name: string,
  allocatable: Readonly<Record<string, string>>,
  spec: object = {},
): Parameters<typeof factsFrom>[1][number] {
  const zone = `eu-west-1${name.at(-1) ?? ""}`;
  const labels = { "topology.kubernetes.io/region": "eu-west-1", "topology.kubernetes.io/zone": zone };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels },
    spec: { providerID: `aws:///${zone}/i-${name}`, ...spec },
    status: { allocatable, nodeInfo: { architecture: "amd64" } },
  };
}
