import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { judgeHost } from "../../../bootstrap/judge.ts";
import {
  routerIdOf,
  virtualAddress,
  virtualAddressCheck,
  virtualAddressConfig,
} from "../../../bootstrap/phases/virtual-address.ts";
import { completeEndpoint } from "../../../clusters/endpoint.ts";
import type { HostFacts } from "../../../clusters/facts.ts";
import { blankView, cluster, clusterHost, identity } from "../../support/bootstrap.ts";
import { assertGolden } from "../../support/golden.ts";
import { standIns } from "../../support/stand-ins.ts";

const address = { interface: "ens3", address: "10.0.0.11", prefixLength: 24, mtu: 1500 };
const endpoint = completeEndpoint({ vip: "10.0.0.100" }, { cp1: "10.0.0.11" });
const moved = { ...cluster, endpoint };
const facts = { ...blankFacts({ name: "cp1" }), addresses: [address] };
const view = blankView("controlPlane", { cluster: moved, facts });

describe("the virtual address", () => {
  it("is told to the other control-plane hosts alone, on the node's interface", () => {
    assertGolden("endpoint/vip.conf", virtualAddressConfig(view));
    assertGolden("endpoint/vip-check", virtualAddressCheck(view));
  });

  it("goes to hosts in the order of their names", () => {
    const priorityOf = (name: string, nodeAddress: string): string =>
      /priority \d+/.exec(
        virtualAddressConfig({ ...view, host: clusterHost("controlPlane", { name, nodeAddress }) }),
      )?.[0] ?? "";
    assert.equal(priorityOf("cp1", "10.0.0.11"), "priority 100");
    assert.equal(priorityOf("cp3", "10.0.0.13"), "priority 98");
  });

  it("needs nobody else where there is one control-plane host", () => {
    const alone = { ...view, peers: { cp1: "10.0.0.11" } };
    assert.doesNotMatch(virtualAddressConfig(alone), /unicast_peer/);
    assert.doesNotMatch(virtualAddressCheck(alone), /exit 1/);
  });

  it("is kept by the hosts of a cluster that has one, and by no other", () => {
    assert.equal(virtualAddress.plan(view).length, 2);
    assert.deepEqual(virtualAddress.plan(blankView("controlPlane")), []);
  });

  it("has a router id that no other address of its network has", () => {
    const hosts = fc.uniqueArray(fc.integer({ min: 1, max: 254 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(fc.ipV4(), hosts, (some, [one = 1, other = 2]) => {
        const network = some.split(".").slice(0, 3).join(".");
        const ids = [one, other].map((host) => routerIdOf(`${network}.${String(host)}`));
        assert.equal(new Set(ids).size, 2);
        for (const id of [...ids, routerIdOf(some)]) assert.ok(id >= 1 && id <= 255);
      }),
    );
  });
});

describe("the check of a virtual address", () => {
  /** The exit code on a host, by the API servers that are ready. */
  async function codeWith(...ready: string[]): Promise<number | null> {
    const patterns = [...ready.map((server) => `*//${server}/*`), "never"].join("|");
    const { path, remove } = await standIns({ curl: `case "$*" in ${patterns}) exit 0;; esac; exit 22` });
    try {
      const env = { ...process.env, PATH: `${path}:${process.env["PATH"] ?? ""}` };
      return spawnSync("sh", ["-c", virtualAddressCheck(view)], { env }).status;
    } finally {
      await remove();
    }
  }

  it("holds where the API server is ready, and where none is", async () => {
    assert.equal(await codeWith("127.0.0.1:6443"), 0);
    assert.equal(await codeWith("127.0.0.1:6443", "10.0.0.12:6443"), 0);
    assert.equal(await codeWith(), 0);
  });

  it("fails where another host's API server is ready and the own one is not", async () => {
    assert.equal(await codeWith("10.0.0.13:6443"), 1);
  });
});

describe("judging a virtual address", () => {
  function judge(changes: Partial<HostFacts>, role: "controlPlane" | "worker" = "controlPlane"): string {
    const host = clusterHost(role, { nodeAddress: "10.0.0.11" });
    const judged = { cluster: moved, clusterId: identity.clusterId, caSha256: undefined, host };
    return judgeHost({ ...judged, facts: { ...facts, ...changes } })
      .map(({ message }) => message)
      .join("; ");
  }

  it("accepts one in a control-plane host's network, held by it or not", () => {
    assert.equal(judge({}), "");
    const held = { ...address, address: "10.0.0.100", prefixLength: 32 };
    assert.equal(judge({ addresses: [address, held] }), "");
  });

  it("refuses one that is in none of the host's networks", () => {
    const elsewhere = { ...address, prefixLength: 27 };
    assert.equal(
      judge({ addresses: [elsewhere] }),
      "the vip 10.0.0.100 is in none of its networks: 10.0.0.0/27",
    );
    assert.equal(judge({ addresses: [elsewhere] }, "worker"), "");
  });

  it("refuses a router id that the host's own keepalived has", () => {
    assert.match(judge({ routerIds: [7, 100] }), /router id 100/);
    assert.equal(judge({ routerIds: [7] }), "");
  });
});

describe("judging an external endpoint", () => {
  it("wants each host to resolve its name", () => {
    const host = clusterHost("worker");
    const external = { ...cluster, endpoint: completeEndpoint({ external: "api.example.com" }, {}) };
    const judge = (resolves: Readonly<Record<string, boolean>>): readonly string[] => {
      const judged = { cluster: external, clusterId: identity.clusterId, caSha256: undefined, host };
      const seen = { ...blankFacts(host), resolves };
      return judgeHost({ ...judged, facts: seen }).map(({ message }) => message);
    };
    assert.deepEqual(judge({ "api.example.com": false }), [
      'cannot resolve the endpoint\'s name "api.example.com"',
    ]);
    assert.deepEqual(judge({ "api.example.com": true }), []);
    assert.deepEqual(judge({}), []);
  });
});
