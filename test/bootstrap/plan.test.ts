import assert from "node:assert/strict";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import type { NodeView } from "../../bootstrap/phases/node.ts";
import {
  controlPlaneJoinPlan,
  controlPlanePlan,
  preparationPlan,
  servingPlan,
  workerJoinPlan,
  workerPlan,
  workerPreparationPlan,
} from "../../bootstrap/plan.ts";
import { runPlan } from "../../bootstrap/run-plan.ts";
import type { Step } from "../../bootstrap/run-plan.ts";
import type { ControlPlaneView } from "../../bootstrap/view.ts";
import type { ClusterHost } from "../../clusters/cluster.ts";
import { completeEndpoint } from "../../clusters/endpoint.ts";
import type { HostFacts } from "../../clusters/facts.ts";
import { blankView, cluster, clusterHost, operationOn, viewOf } from "../support/bootstrap.ts";
import { SimulatedHost } from "../support/simulated-host.ts";

type View = ControlPlaneView & NodeView;

const plans: Readonly<Record<string, readonly Step<View>[]>> = {
  ...{ controlPlaneJoinPlan, controlPlanePlan, preparationPlan, servingPlan },
  ...{ workerJoinPlan, workerPlan, workerPreparationPlan },
};
const stock = blankFacts({ name: "cp1" });
const { security, packages } = stock;
const hooks = { driver: { before: "containerd", script: "true" } } as const;
const addresses = { cp1: "10.0.0.11", cp2: "10.0.0.12", cp3: "10.0.0.13" };

/** What has come when the packages have been on their way for as long as anything else takes; then they come. */
async function startedBesidePackages(
  facts: Partial<HostFacts>,
  changes: Partial<ClusterHost> = {},
): Promise<{ beside: readonly string[]; all: readonly string[] }> {
  const wanted = clusterHost("controlPlane", changes);
  const endpoint = completeEndpoint(changes.hooks ? { vip: "10.0.0.100" } : "nodeLocal", addresses);
  const simulated = new SimulatedHost(wanted.name, facts);
  const { operation, intents } = operationOn([simulated]);
  const begun = Promise.withResolvers<undefined>();
  const come = Promise.withResolvers<undefined>();
  const run = simulated.run.bind(simulated);
  simulated.run = async (command, options) => {
    if (command.includes("--unit=keelson-run-packages")) {
      begun.resolve(undefined);
      await come.promise;
    }
    return run(command, options);
  };
  const look = (): Promise<View> =>
    Promise.resolve(viewOf(simulated, wanted, { cluster: { ...cluster, endpoint } }));
  const target = { host: wanted.name, runner: simulated, look, judge: () => undefined };
  const running = runPlan(operation, target, controlPlanePlan);
  await begun.promise;
  // Nothing that a simulated host does takes longer than a few turns.
  for (let turns = 0; turns < 50; turns += 1) await new Promise(setImmediate);
  const beside = [...intents];
  come.resolve(undefined);
  await running;
  return { beside, all: intents };
}

function has(intents: readonly string[], pattern: RegExp): boolean {
  return intents.some((intent) => pattern.test(intent));
}

describe("the plans", () => {
  for (const [name, steps] of Object.entries(plans)) {
    it(`let phases wait only for such as come before them in their step: ${name}`, () => {
      const policy = { ...stock, packages: { ...packages, manager: "dnf" as const } };
      const enforcing = { ...policy, security: { ...security, selinux: "enforcing" as const } };
      for (const view of [
        blankView("controlPlane"),
        blankView("controlPlane", { facts: enforcing }),
        blankView("controlPlane", { host: clusterHost("controlPlane", { hooks }) }),
      ]) {
        for (const step of steps) {
          step.forEach(({ title, after }, place) => {
            const earlier = step.slice(0, place).map((phase) => phase.title);
            const unknown = (after?.(view) ?? []).filter((each) => !earlier.includes(each.title));
            assert.deepEqual(unknown, [], title);
          });
          assert.equal(new Set(step.map(({ title }) => title)).size, step.length);
        }
      }
    });
  }
});

describe("a host that is prepared", () => {
  it("imports images while packages come, and begins with those that run from packages afterwards", async () => {
    const { beside, all } = await startedBesidePackages({});

    assert.ok(has(beside, /^install packages/));
    assert.ok(has(beside, /^start containerd/));
    assert.ok(has(beside, /^import images/));
    assert.ok(has(beside, /authorities and keys/));
    for (const pattern of [/^start the API's balancer/, /with kubeadm$/]) {
      assert.ok(!has(beside, pattern), String(pattern));
      assert.ok(has(all, pattern), String(pattern));
    }
  });

  for (const [what, facts] of [
    [
      "SELinux' policy",
      { packages: { ...packages, manager: "dnf" }, security: { ...security, selinux: "enforcing" } },
    ],
    ["AppArmor's parser", { security: { ...security, apparmor: true } }],
  ] as const) {
    it(`starts containerd after ${what} has come, and fetches the rest meanwhile`, async () => {
      const { beside, all } = await startedBesidePackages(facts);

      assert.ok(has(beside, /^fetch container images/));
      assert.ok(!has(beside, /containerd$|import images|authorities and keys/));
      const order = all.filter((intent) => /^install packages|^start containerd|^import/.test(intent));
      assert.deepEqual(
        order.map((intent) => intent.split(" ")[0]),
        ["install", "start", "import"],
      );
    });
  }

  it("starts containerd after the packages where a hook may need them", async () => {
    const { beside, all } = await startedBesidePackages({}, { hooks });

    assert.ok(has(beside, /^install packages/));
    assert.ok(!has(beside, /containerd$|import images|kubelet's unit|virtual address/));
    assert.ok(has(all, /^start the virtual address/));
  });
});
