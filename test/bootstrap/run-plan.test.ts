import assert from "node:assert/strict";
import fc from "fast-check";
import type { ClusterHost } from "../../clusters/cluster.ts";
import type { FirewallFacts, HostFacts, KernelFeature } from "../../clusters/facts.ts";
import { claim } from "../../bootstrap/phases/claim.ts";
import { controlPlanePlan, workerPlan } from "../../bootstrap/plan.ts";
import { runPlan } from "../../bootstrap/run-plan.ts";
import type { PlanTarget, Step } from "../../bootstrap/run-plan.ts";
import type { ControlPlaneView } from "../../bootstrap/view.ts";
import type { NodeView } from "../../bootstrap/phases/node.ts";
import { apiServerNames } from "../../bootstrap/api-names.ts";
import { completeEndpoint } from "../../clusters/endpoint.ts";
import type { Endpoint, EndpointSpec } from "../../clusters/endpoint.ts";
import { cluster, clusterHost, operationOn, viewOf } from "../support/bootstrap.ts";
import { SimulatedHost } from "../support/simulated-host.ts";

type View = ControlPlaneView & NodeView;
const plans = { controlPlane: controlPlanePlan, worker: workerPlan as readonly Step<View>[] };

const feature = fc.constantFrom<KernelFeature>("builtin", "loaded", "loadable");
const commands = fc.subarray(["haproxy", "ipset", "iptables", "losetup", "modprobe", "needrestart", "nft"]);

/** Hosts as they come: more or less prepared, in a container or not. */
const startingFacts: fc.Arbitrary<Partial<HostFacts>> = fc.record({
  commands: commands.map((some) => ["apt-get", "ip", "ss", ...some]),
  kernelFeatures: fc.record({ overlay: feature, br_netfilter: feature, nf_conntrack: feature }),
  cgroupVersion: fc.constantFrom<1 | 2>(1, 2),
  canRaiseLimits: fc.boolean(),
  virtualization: fc.constantFrom("none", "kvm", "systemd-nspawn"),
  swap: fc.record({
    active: fc.subarray(["/dev/sda2"]),
    configured: fc.subarray(["/dev/sda2 none swap sw 0 0", "dev-zram0.swap"]),
  }),
  firstBoot: fc.boolean(),
  firewall: fc.constantFrom<FirewallFacts>(
    { manager: "none", open: {}, zones: {} },
    { manager: "ufw", open: { "": ["tcp 10250"] }, zones: {} },
  ),
  packages: fc.record({
    manager: fc.constantFrom("apt", "dnf", "zypper"),
    interrupted: fc.boolean(),
    holders: fc.subarray(["apt-get (7)"]),
  }),
  sysctls: fc.record({
    "net.ipv4.ip_forward": fc.record({ value: fc.constantFrom("0", "1"), writable: fc.constant(true) }),
    "net.netfilter.nf_conntrack_max": fc.record({
      value: fc.constantFrom("65536", "262144"),
      writable: fc.boolean(),
    }),
    "fs.inotify.max_user_instances": fc.record({
      value: fc.constantFrom("128", "8192"),
      writable: fc.constant(true),
    }),
  }),
});
const addresses = { cp1: "10.0.0.11", cp2: "10.0.0.12", cp3: "10.0.0.13" };
const endpoint = fc
  .constantFrom<EndpointSpec | undefined>(
    undefined,
    "nodeLocal",
    { vip: "10.0.0.100" },
    { external: "api.example.com" },
  )
  .map((spec) => completeEndpoint(spec, spec === undefined ? { cp1: "10.0.0.11" } : addresses));

const host = fc.record({
  role: fc.constantFrom<ClusterHost["role"]>("controlPlane", "worker"),
  labels: fc.constantFrom({}, { tier: "general" }),
  taints: fc.constantFrom<ClusterHost["taints"]>(
    [],
    [{ key: "dedicated", value: "db", effect: "NoSchedule" }],
  ),
});

async function run(
  simulated: SimulatedHost,
  wanted: ClusterHost,
  options: { preview?: boolean; dieAtIntent?: number; endpoint?: Endpoint } = {},
): Promise<readonly string[]> {
  let seen = 0;
  const { operation, intents } = operationOn([simulated], { preview: options.preview ?? false });
  const mortal = {
    ...operation,
    onIntent: (intent: Parameters<typeof operation.onIntent>[0]) => {
      seen += 1;
      if (seen === options.dieAtIntent) throw new Error("died");
      operation.onIntent(intent);
    },
  };
  await runPlan(mortal, targetOf(simulated, wanted, options.endpoint), plans[wanted.role]);
  return intents;
}

function targetOf(simulated: SimulatedHost, wanted: ClusterHost, ours?: Endpoint): CountedTarget {
  const see = (): View => viewOf(simulated, wanted, changesFor(ours));
  const looks = { host: 0, node: 0 };
  return {
    looks,
    host: wanted.name,
    runner: simulated,
    look: () => {
      looks.host += 1;
      return Promise.resolve(see());
    },
    lookAtNode: ({ facts }) => {
      looks.node += 1;
      return Promise.resolve({ ...see(), facts });
    },
    judge: () => undefined,
  };
}

interface CountedTarget extends PlanTarget<View> {
  readonly looks: { host: number; node: number };
}

function changesFor(wanted: Endpoint = cluster.endpoint): Partial<View> {
  const hosts = Object.values(addresses).map((nodeAddress) => ({ nodeAddress, connection: undefined }));
  const moved = { ...cluster, endpoint: wanted };
  return { cluster: moved, apiNames: apiServerNames(moved, hosts) };
}

describe("runPlan", function () {
  // Many runs of a whole plan; on a busy computer they take long.
  this.timeout(120_000);

  it("previews exactly the changes that the update makes, and touches nothing for it", async () => {
    await fc.assert(
      fc.asyncProperty(startingFacts, host, endpoint, async (facts, changes, wantedEndpoint) => {
        const wanted = clusterHost(changes.role, changes);
        const simulated = new SimulatedHost(wanted.name, facts);
        const before = simulated.facts;
        const previewed = await run(simulated, wanted, { preview: true, endpoint: wantedEndpoint });
        assert.deepEqual(simulated.ran, []);
        assert.deepEqual(simulated.facts, before);
        const made = await run(simulated, wanted, { endpoint: wantedEndpoint });
        assert.deepEqual([...previewed].sort(), [...made].sort());
      }),
      { numRuns: 40 },
    );
  });

  it("changes nothing the second time", async () => {
    await fc.assert(
      fc.asyncProperty(startingFacts, host, endpoint, async (facts, changes, wantedEndpoint) => {
        const wanted = clusterHost(changes.role, changes);
        const simulated = new SimulatedHost(wanted.name, facts);
        await run(simulated, wanted, { endpoint: wantedEndpoint });
        const settled = simulated.facts;
        assert.deepEqual(await run(simulated, wanted, { endpoint: wantedEndpoint }), []);
        assert.deepEqual(simulated.facts, settled);
      }),
      { numRuns: 40 },
    );
  });

  it("reaches the same end after it died before any of its changes", async () => {
    await fc.assert(
      fc.asyncProperty(
        startingFacts,
        host,
        fc.integer({ min: 1, max: 22 }),
        endpoint,
        async (facts, changes, dieAtIntent, wantedEndpoint) => {
          const wanted = clusterHost(changes.role, changes);
          const smooth = new SimulatedHost(wanted.name, facts);
          await run(smooth, wanted, { endpoint: wantedEndpoint });
          const rough = new SimulatedHost(wanted.name, facts);
          await run(rough, wanted, { dieAtIntent, endpoint: wantedEndpoint }).catch(() => undefined);
          await run(rough, wanted, { endpoint: wantedEndpoint });
          assert.deepEqual(rough.facts, smooth.facts);
        },
      ),
    );
  });

  it("moves a living host to another endpoint, previewed, resumed after a death, and settled", async () => {
    await fc.assert(
      fc.asyncProperty(
        host,
        endpoint,
        endpoint,
        fc.integer({ min: 1, max: 6 }),
        async (changes, from, to, dieAtIntent) => {
          const wanted = clusterHost(changes.role, changes);
          const simulated = new SimulatedHost(wanted.name);
          await run(simulated, wanted, { endpoint: from });
          const previewed = await run(simulated, wanted, { preview: true, endpoint: to });
          await run(simulated, wanted, { endpoint: to, dieAtIntent }).catch(() => undefined);
          const rest = await run(simulated, wanted, { endpoint: to });
          assert.ok(rest.every((intent) => previewed.includes(intent)) || previewed.length > rest.length);
          assert.deepEqual(await run(simulated, wanted, { endpoint: to }), []);
          for (const name of changesFor(from).apiNames ?? []) {
            if (wanted.role === "controlPlane")
              assert.ok(simulated.facts.kubernetes.apiNames?.includes(name));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("waits for the Node of a worker that has joined and registers late", async () => {
    const wanted = clusterHost("worker");
    const simulated = new SimulatedHost(wanted.name);
    simulated.delayRegistration(2);

    const intents = await run(simulated, wanted);

    assert.ok(intents.includes("join the cluster with kubeadm"));
    assert.ok(!intents.includes("restart the kubelet, so that it registers its Node again"));
  });

  it("waits for a Node that was deleted and registers again, late", async () => {
    const wanted = clusterHost("worker");
    const simulated = new SimulatedHost(wanted.name);
    await run(simulated, wanted);
    await simulated.api.deleteNode(wanted.nodeName);
    simulated.delayRegistration(2);

    const [intent] = await run(simulated, wanted);

    assert.equal(intent, "restart the kubelet, so that it registers its Node again");
    assert.ok(simulated.node);
  });

  for (const [role, looks] of [
    ["worker", { host: 3, node: 2 }],
    ["controlPlane", { host: 3, node: 1 }],
  ] as const) {
    it(`reads a new ${role} after each step that changes it, and its Node alone after those that change that`, async () => {
      const wanted = clusterHost(role);
      const target = targetOf(new SimulatedHost(wanted.name), wanted);
      const { operation } = operationOn([]);

      await runPlan(operation, target, plans[role]);

      assert.deepEqual(target.looks, looks);
    });
  }

  it("verifies a claim by itself where nothing else is to be done", async () => {
    const wanted = clusterHost("worker");
    const simulated = new SimulatedHost(wanted.name);
    simulated.write = () => Promise.resolve();
    const target = targetOf(simulated, wanted);
    const { operation } = operationOn([]);

    const run = runPlan<View>(operation, target, [[claim]]);

    await assert.rejects(
      run,
      /Cannot finish w1: still to do after it was done: "claim the host for cluster "edge""/,
    );
    assert.deepEqual(target.looks, { host: 2, node: 0 });
  });

  it("reads the host, too, where its kubelet alone can say that it is healthy", async () => {
    const wanted = clusterHost("worker");
    const bare = { ...cluster, network: { ...cluster.network, cni: "none" } } as const;
    const simulated = new SimulatedHost(wanted.name);
    const target = targetOf(simulated, wanted);
    const { operation } = operationOn([]);
    const look = (): Promise<View> => Promise.resolve(viewOf(simulated, wanted, { cluster: bare }));

    await runPlan(operation, { ...target, look }, plans.worker);

    assert.equal(target.looks.node, 0);
  });

  it("names what a phase left undone", async () => {
    const wanted = clusterHost("worker");
    const simulated = new SimulatedHost(wanted.name).when([/systemctl restart containerd/, ""]);
    await assert.rejects(
      run(simulated, wanted),
      /Cannot finish w1: still to do after it was done: "start containerd"/,
    );
  });

  it("waits for all phases of a step before it fails", async () => {
    const wanted = clusterHost("worker");
    const simulated = new SimulatedHost(wanted.name).when([
      /^modprobe/,
      () => Promise.reject(new Error("no module")),
    ]);
    await assert.rejects(run(simulated, wanted), /no module/);
    assert.ok(simulated.commands.some((line) => line.includes("keelson-run-image-archives")));
  });

  it("does not begin what waits for a phase that fails", async () => {
    const simulated = new SimulatedHost("w1").when([/--unit=keelson-run-binaries/, { exitCode: 1 }]);

    await assert.rejects(run(simulated, clusterHost("worker")), { code: "KEELSON_COMMAND_FAILED" });

    assert.ok(simulated.commands.some((line) => line.includes("keelson-run-packages")));
    assert.ok(!simulated.commands.some((line) => /restart containerd|keelson-run-images/.test(line)));
  });

  it("stops before the next change when the run is cancelled", async () => {
    const wanted = clusterHost("worker");
    const simulated = new SimulatedHost(wanted.name);
    const controller = new AbortController();
    const { operation } = operationOn([simulated], {
      signal: controller.signal,
      onPhase: () => {
        controller.abort();
      },
    });
    const look = (): Promise<View> => Promise.resolve(viewOf(simulated, wanted));
    const target = { host: wanted.name, runner: simulated, look, judge: () => undefined };
    await assert.rejects(runPlan(operation, target, plans.worker), { code: "KEELSON_ABORTED" });
    assert.equal(simulated.facts.owner, undefined);
  });
});
