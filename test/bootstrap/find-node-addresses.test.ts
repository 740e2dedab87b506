import assert from "node:assert/strict";
import { findNodeAddresses } from "../../bootstrap/find-node-addresses.ts";
import type { ClusterSpec } from "../../clusters/define-cluster.ts";
import { fakePool, FakeRunner } from "../support/fake-runner.ts";

const signal = new AbortController().signal;
const spec: ClusterSpec = {
  name: "edge",
  kubernetes: "1.35.4",
  network: { nodeAddresses: { cidr: "10.0.0.0/8" } },
  hosts: {
    cp1: { role: "controlPlane", address: "203.0.113.5" },
    w1: { role: "worker", address: "203.0.113.6", nodeAddress: "10.0.0.99" },
  },
};

function hostWith(...addresses: readonly string[]): FakeRunner {
  const lines = addresses.map((address, at) => `2: eth${String(at)}    inet ${address}/24 scope global eth0`);
  return new FakeRunner("cp1", [["sh -s", `\u001eaddresses\n${lines.join("\n")}\n\u001eend\n`]]);
}

describe("findNodeAddresses", () => {
  it("fills in what the policy picks, and asks no host that names its address", async () => {
    const pool = fakePool(hostWith("203.0.113.5", "10.0.0.5"));

    const { hosts } = await findNodeAddresses({ pool, signal }, spec);

    assert.deepEqual(
      Object.values(hosts).map(({ nodeAddress }) => nodeAddress),
      ["10.0.0.5", "10.0.0.99"],
    );
  });

  it("names the host that has no such address, with those that it has", async () => {
    const pool = fakePool(hostWith("203.0.113.5"));

    await assert.rejects(findNodeAddresses({ pool, signal }, spec), {
      code: "KEELSON_PROBLEMS",
      message: /cp1: no address of 10\.0\.0\.0\/8, but 203\.0\.113\.5 \(eth0\)/,
    });
  });

  it("leaves a cluster without a policy as it is", async () => {
    const plain = { name: spec.name, kubernetes: spec.kubernetes, hosts: spec.hosts };

    assert.equal(await findNodeAddresses({ pool: fakePool(), signal }, plain), plain);
  });
});
