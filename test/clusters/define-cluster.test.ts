import assert from "node:assert/strict";
import { defineCluster, supportedMinors } from "../../clusters/define-cluster.ts";
import type { ClusterSpec } from "../../clusters/define-cluster.ts";
import { ProblemsError } from "../../errors.ts";
import { kubernetesVersions } from "../../toolchain/versions.ts";

const spec: ClusterSpec = {
  name: "edge",
  kubernetes: "1.35.4",
  hosts: {
    cp1: { role: "controlPlane", address: "10.0.0.11" },
    w1: { role: "worker", address: "203.0.113.7", nodeAddress: "10.0.0.21", labels: { tier: "general" } },
  },
};

function problemsOf(changes: Partial<ClusterSpec>): readonly string[] {
  try {
    defineCluster({ ...spec, ...changes });
    return [];
  } catch (error) {
    assert.ok(error instanceof ProblemsError);
    return error.problems.map(({ code, where }) => `${code} ${where}`);
  }
}

describe("defineCluster", () => {
  it("fills in what was left out", () => {
    const { cluster, hosts } = defineCluster(spec);
    assert.deepEqual(cluster.endpoint, { mode: "address", host: "10.0.0.11", port: 6443 });
    assert.deepEqual(
      hosts.map(({ nodeName, nodeAddress, address }) => [nodeName, nodeAddress, address]),
      [
        ["cp1", "10.0.0.11", "10.0.0.11"],
        ["w1", "10.0.0.21", "203.0.113.7"],
      ],
    );
  });

  it("accepts exactly the versions that there are bundles for", () => {
    for (const kubernetes of kubernetesVersions) assert.deepEqual(problemsOf({ kubernetes }), []);
    const minors = kubernetesVersions.map((version) => version.replace(/\.\d+$/, ""));
    assert.deepEqual(new Set(supportedMinors), new Set(minors));
  });

  const refused: readonly (readonly [string, Partial<ClusterSpec>, string])[] = [
    ["a name that is no label", { name: "Edge_1" }, "KEELSON_INVALID_INPUT name"],
    ["a version that it cannot bring up", { kubernetes: "1.12.0" }, "KEELSON_NOT_SUPPORTED kubernetes"],
    [
      "a range with bits beyond its prefix",
      { network: { podCidr: "10.244.0.1/16" } },
      "KEELSON_INVALID_INPUT network.podCidr",
    ],
    [
      "dual-stack",
      { network: { podCidr: "10.244.0.0/16,fd00:10:244::/56" } },
      "KEELSON_NOT_SUPPORTED network.podCidr",
    ],
    ["IPv6", { network: { serviceCidr: "fd00:10:96::/112" } }, "KEELSON_NOT_SUPPORTED network.serviceCidr"],
    [
      "a node address of IPv6",
      { hosts: { cp1: { role: "controlPlane", address: "fd00::11" } } },
      "KEELSON_NOT_SUPPORTED hosts.cp1.nodeAddress",
    ],
    [
      "a range for node addresses that is none",
      { network: { nodeAddresses: { cidr: "10.0.0.0" } } },
      "KEELSON_INVALID_INPUT network.nodeAddresses.cidr",
    ],
    [
      "ranges that overlap",
      { network: { serviceCidr: "10.244.128.0/20" } },
      "KEELSON_NETWORK_OVERLAP network.serviceCidr",
    ],
    [
      "no control plane",
      { hosts: { w1: { role: "worker", address: "10.0.0.2" } } },
      "KEELSON_NOT_SUPPORTED hosts",
    ],
    [
      "two hosts of one address",
      { hosts: { ...spec.hosts, w2: { role: "worker", address: "10.0.0.21" } } },
      "KEELSON_HOST_DUPLICATE hosts.w2.nodeAddress",
    ],
  ];
  for (const [what, changes, problem] of refused) {
    it(`refuses ${what}`, () => {
      assert.ok(problemsOf(changes).includes(problem), problemsOf(changes).join("\n"));
    });
  }

  it("reports all problems at once", () => {
    assert.equal(problemsOf({ name: "_", kubernetes: "x", network: { podCidr: "nope" } }).length, 3);
  });
});
