import assert from "node:assert/strict";
import fc from "fast-check";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import { judgeHost, judgeTogether } from "../../bootstrap/judge.ts";
import type { Judged } from "../../bootstrap/judged.ts";
import type { HostFacts } from "../../clusters/facts.ts";
import { cluster, clusterHost, identity } from "../support/bootstrap.ts";

const ourCa = "a".repeat(64);
const owner = {
  clusterId: identity.clusterId,
  clusterName: "edge",
  nodeName: "cp1",
  kubernetes: "1.35.4",
  role: "controlPlane",
} as const;

function judge(facts: Partial<HostFacts>, changes: Partial<Judged> = {}): readonly string[] {
  const host = clusterHost("controlPlane");
  const judged = { cluster, clusterId: identity.clusterId, caSha256: ourCa, host, ...changes };
  return judgeHost({ ...judged, facts: { ...blankFacts(host), ...facts } }).map(({ code }) => code);
}

function kubernetes(changes: Partial<HostFacts["kubernetes"]>): Pick<HostFacts, "kubernetes"> {
  return { kubernetes: { ...blankFacts({ name: "cp1" }).kubernetes, ...changes } };
}

describe("judgeHost", () => {
  it("finds nothing wrong with a blank host", () => {
    assert.deepEqual(judge({}), []);
  });

  const cases: readonly (readonly [string, Partial<HostFacts>, string])[] = [
    ["of another cluster's owner", { owner: { ...owner, clusterId: "west-1" } }, "KEELSON_HOST_OWNED"],
    ["that is the cluster's worker already", { owner: { ...owner, role: "worker" } }, "KEELSON_HOST_OWNED"],
    [
      "with another cluster's authority",
      kubernetes({ caSha256: "b".repeat(64) }),
      "KEELSON_HOST_FOREIGN_CLUSTER",
    ],
    ["with etcd data and no owner", kubernetes({ etcdData: true }), "KEELSON_HOST_FOREIGN_CLUSTER"],
    [
      "with static pods and no owner",
      kubernetes({ manifests: ["etcd.yaml"] }),
      "KEELSON_HOST_FOREIGN_CLUSTER",
    ],
    [
      "of ours with another authority",
      { owner, ...kubernetes({ caSha256: "b".repeat(64) }) },
      "KEELSON_IDENTITY_MISMATCH",
    ],
    ["with a taken port", { listening: [{ port: 6443, process: "nginx" }] }, "KEELSON_HOST_PORT_TAKEN"],
    ["whose kernel is too old for kube-proxy", { kernel: "5.10.0-33-amd64" }, "KEELSON_HOST_UNSUPPORTED"],
    ["with too little memory", { memoryMiB: 1024 }, "KEELSON_HOST_TOO_SMALL"],
    ["with one processor", { cpus: 1 }, "KEELSON_HOST_TOO_SMALL"],
    [
      "with a full disk",
      { disks: [{ path: "/var/lib", device: "/dev/vda", sizeMiB: 9000, freeMiB: 900 }] },
      "KEELSON_HOST_TOO_SMALL",
    ],
    ["whose clock is far behind", { clockOffsetMs: -301_000 }, "KEELSON_HOST_CLOCK_SKEW"],
    [
      "that does not know localhost",
      { names: { localhost: [], nameservers: [], upstream: "" } },
      "KEELSON_HOST_UNSUPPORTED",
    ],
    ["of another architecture", { arch: "riscv64" }, "KEELSON_HOST_UNSUPPORTED"],
    ["without systemd", { systemd: false }, "KEELSON_HOST_UNSUPPORTED"],
    ["without VXLAN", { kernelFeatures: { vxlan: "missing" } }, "KEELSON_HOST_MISSING_CAPABILITY"],
    [
      "without apt and without the commands",
      { packages: { manager: "none", interrupted: false, holders: [] } },
      "KEELSON_HOST_NO_PACKAGES",
    ],
    [
      "in the pod range",
      { addresses: [address("10.0.0.11", 24), address("10.244.3.1", 24)] },
      "KEELSON_NETWORK_OVERLAP",
    ],
    [
      "with a route into the service range",
      { routes: [{ destination: "10.96.0.0/12", interface: "eth0" }] },
      "KEELSON_NETWORK_OVERLAP",
    ],
    ["without its node address", { addresses: [address("10.0.0.99", 24)] }, "KEELSON_INVALID_INPUT"],
    [
      "with a containerd of its own",
      { units: { "containerd.service": { active: true, enabled: true, stale: false } } },
      "KEELSON_HOST_UNSUPPORTED",
    ],
  ];
  for (const [what, facts, code] of cases) {
    it(`refuses a host ${what}`, () => {
      assert.deepEqual(judge(facts), [code]);
    });
  }

  it("accepts a running host of the cluster with its own ports, networks and authority", () => {
    const listening = ["kube-apiserver", "etcd", "kubelet"].map((process, index) => ({
      port: [6443, 2379, 10250][index] ?? 0,
      process,
    }));
    const addresses = [address("10.0.0.11", 24), { ...address("10.244.0.0", 32), interface: "flannel.1" }];
    const routes = [{ destination: "10.244.1.0/24", interface: "flannel.1" }];
    assert.deepEqual(
      judge({ owner, listening, addresses, routes, ...kubernetes({ caSha256: ourCa, etcdData: true }) }),
      [],
    );
  });

  it("tells which address a host has that the cluster's policy would pick", () => {
    const host = { ...clusterHost("controlPlane"), nodeAddress: "203.0.113.5" };
    const network = { ...cluster.network, nodeAddresses: { cidr: "10.0.0.0/8" } };
    const addresses = [address("203.0.113.5", 24), { ...address("10.0.0.11", 24), interface: "eth1" }];
    const judged = { clusterId: identity.clusterId, caSha256: ourCa, host };
    const facts = { ...blankFacts(host), addresses };
    const [problem] = judgeHost({ ...judged, cluster: { ...cluster, network }, facts });

    assert.match(problem?.message ?? "", /not of 10\.0\.0\.0\/8: set nodeAddress to 10\.0\.0\.11$/);
  });

  it("reports everything that is wrong at once", () => {
    const codes = judge({ memoryMiB: 100, arch: "arm", owner: { ...owner, clusterId: "x" } });
    assert.deepEqual(
      new Set(codes),
      new Set(["KEELSON_HOST_TOO_SMALL", "KEELSON_HOST_UNSUPPORTED", "KEELSON_HOST_OWNED"]),
    );
  });
});

describe("judgeTogether", () => {
  it("finds clones, but not among containers that share their computer's firmware", () => {
    const twin = { ...blankFacts({ name: "a" }), machineId: "m1", productUuid: "u1" };
    const codes = (virtualization: string): readonly string[] =>
      judgeTogether({
        a: { ...twin, virtualization },
        b: { ...twin, hostname: "b", machineId: "m2", virtualization },
      }).map(({ message }) => message);
    assert.deepEqual(codes("kvm"), ['has the product UUID of "a" ("u1")']);
    assert.deepEqual(codes("systemd-nspawn"), []);
  });

  it("names exactly the clocks that are far from the fleet's median", () => {
    const far = fc.oneof(fc.integer({ min: 31_000, max: 1e9 }), fc.integer({ min: -1e9, max: -31_000 }));
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -900, max: 900 }), { minLength: 3, maxLength: 9 }),
        far,
        (near, wrong) => {
          const named = [...near, wrong].map((clockOffsetMs, index) => {
            const name = `h${String(index)}`;
            return [name, { ...blankFacts({ name }), clockOffsetMs }] as const;
          });
          const found = judgeTogether(Object.fromEntries(named));
          assert.deepEqual(
            found.map(({ where, code }) => [where, code]),
            [[`h${String(near.length)}`, "KEELSON_HOST_CLOCK_SKEW"]],
          );
        },
      ),
    );
  });
});

function address(text: string, prefixLength: number): HostFacts["addresses"][number] {
  return { interface: "eth0", address: text, prefixLength, mtu: 1500 };
}
