import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import fc from "fast-check";
import {
  capacityOf,
  type CapacityReport,
  describeCapacity,
  NodeAgent,
  type NodePool,
  StatefulService,
  useProfile,
  WebService,
  Worker,
  type WorkerProps,
} from "../../constructs/index.ts";
import { KeelsonError } from "../../errors.ts";
import { soundProps } from "../support/constructs.ts";
import { assertGolden } from "../support/golden.ts";

const image = "ghcr.io/acme/app:1.4.2";
const general: NodePool = { count: 3, cpu: 4, memory: "16Gi", zones: ["a", "b", "c"] };

describe("capacityOf()", () => {
  it("says that an app fits, and where its pods would run", () => {
    const report = capacityOf(shop({ general }));
    assert.equal(report.fits, true);
    assertGolden("capacity/fits.txt", `${describeCapacity(report)}\n`);
  });

  it("says which pods have no place, and why", () => {
    const report = capacityOf(shop({ general: { ...general, count: 1, cpu: 1 } }));
    assert.equal(report.fits, false);
    assertGolden("capacity/short.txt", `${describeCapacity(report)}\n`);
  });

  it("counts autoscalers at their bound and updates under way, or as few pods as there may be", () => {
    const count = (load: "peak" | "rest"): unknown => {
      const { chart } = newApp({ general });
      new Worker(chart, "app", { image, autoscale: { min: 2, max: 8 } });
      return capacityOf(chart, { load }).workloads[0]?.pods;
    };
    assert.deepEqual([count("peak"), count("rest")], [10, 2]);
  });

  it("runs agents on every node that takes them, before other pods", () => {
    const { chart } = newApp({
      general,
      gpu: { ...general, count: 1, taints: [{ key: "gpu", effect: "NoSchedule" }] },
    });
    new NodeAgent(chart, "agent", { image });
    new NodeAgent(chart, "logs", { image, nodes: { tolerate: [] } });
    const [agent, logs] = capacityOf(chart).workloads;
    assert.equal(agent?.pods, 4);
    assert.deepEqual(logs?.places, { "general-1": 1, "general-2": 1, "general-3": 1 });
  });

  it("packs pods tightly if they do not fit otherwise, and says so", () => {
    const { chart } = newApp({ general: { count: 2, cpu: 4, memory: "64Gi" } });
    const put = (id: string, cpu: number, memory: "1Gi" | "40Gi", replicas: number): void => {
      const allow = [{ code: "single-replica", reason: "a test" }] as const;
      const strategy = { type: "Recreate", rollingUpdate: null } as const;
      const props: WorkerProps = {
        image,
        size: { cpu, memory },
        replicas,
        allow,
        spread: "none",
        patch: { deployment: { spec: { strategy } } },
      };
      new Worker(chart, id, props);
    };
    put("small", 1, "1Gi", 4);
    put("large", 3.5, "1Gi", 1);
    const report = capacityOf(chart);
    assert.deepEqual([report.fits, report.packing], [true, "spread"], "large pods come first");
  });

  it("keeps pods apart that must be, and leaves out those that cannot", () => {
    const { chart } = newApp({ general: { ...general, count: 2 } });
    const required = {
      requiredDuringSchedulingIgnoredDuringExecution: [
        {
          topologyKey: "kubernetes.io/hostname",
          labelSelector: { matchLabels: { "app.kubernetes.io/name": "app" } },
        },
      ],
    };
    new Worker(chart, "app", {
      image,
      replicas: 3,
      patch: { pod: { affinity: { podAntiAffinity: required } } },
    });
    const [app] = capacityOf(chart, { load: "rest" }).workloads;
    assert.deepEqual([app?.pods, app?.missing, app?.places], [3, 1, { "general-1": 1, "general-2": 1 }]);
  });

  it("spreads pods over zones by the rule that they have", () => {
    const { chart } = newApp({ general: { ...general, count: 3 } });
    new StatefulService(chart, "db", { ...soundProps, replicas: 6, spread: "required", volumes: {} });
    const [db] = capacityOf(chart).workloads;
    assert.deepEqual(db?.places, { "general-1": 2, "general-2": 2, "general-3": 2 });
  });

  it("names the largest pod and the largest node", () => {
    const { biggestPod, biggestNode } = capacityOf(
      shop({ general, large: { count: 1, cpu: 16, memory: "64Gi" } }),
    );
    assert.equal(biggestPod?.workload, "db");
    assert.deepEqual([biggestNode?.pool, biggestNode?.amounts["cpu"]], ["large", "16"]);
  });

  it("takes nodes as an option, and says that it needs some", () => {
    const { chart } = newApp();
    assert.throws(
      () => capacityOf(chart),
      (error) => KeelsonError.is(error) && /names no nodes/.test(error.message),
    );
    assert.equal(capacityOf(chart, { nodes: { general } }).nodes.length, 3);
  });

  it("never puts more on a node than it has, loses no pod, and says the same again", () => {
    const worker = fc.record({
      cpu: fc.integer({ min: 1, max: 30 }),
      memory: fc.integer({ min: 1, max: 12 }),
      replicas: fc.integer({ min: 2, max: 9 }),
    });
    const pool = fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      cpu: fc.integer({ min: 1, max: 8 }),
      memory: fc.integer({ min: 1, max: 32 }),
    });
    fc.assert(
      fc.property(
        fc.array(worker, { minLength: 1, maxLength: 5 }),
        fc.array(pool, { minLength: 1, maxLength: 3 }),
        (workers, pools) => {
          const build = (): CapacityReport => {
            const nodes = pools.map(
              ({ count, cpu, memory }, index) =>
                [`p${index}`, { count, cpu, memory: `${memory}Gi` }] as const,
            );
            const { chart } = newApp(Object.fromEntries(nodes));
            workers.forEach(({ cpu, memory, replicas }, index) => {
              new Worker(chart, `w${index}`, {
                image,
                replicas,
                size: { cpu: `${cpu * 100}m`, memory: `${memory}Gi` },
              });
            });
            return capacityOf(chart, { load: "rest" });
          };
          const report = build();
          for (const { share } of report.nodes) assert.ok(share <= 1);
          for (const { pods, missing, places } of report.workloads) {
            assert.equal(pods, missing + Object.values(places).reduce((sum, own) => sum + own, 0));
          }
          assert.equal(
            report.fits,
            report.workloads.every(({ missing }) => missing === 0),
          );
          assert.deepEqual(build(), report);
        },
      ),
      { numRuns: 30 },
    );
  });
});

function newApp(nodes?: Readonly<Record<string, NodePool>>): { readonly chart: Chart } {
  const app = new App();
  useProfile(app, { kubernetes: "1.35", ...(nodes && { nodes }) });
  return { chart: new Chart(app, "shop", { namespace: "shop" }) };
}

function shop(nodes: Readonly<Record<string, NodePool>>): Chart {
  const { chart } = newApp(nodes);
  new WebService(chart, "web", { ...soundProps, autoscale: { max: 6 } });
  new Worker(chart, "mailer", { image, size: "medium" });
  new StatefulService(chart, "db", {
    ...soundProps,
    size: "large",
    replicas: 3,
    volumes: { data: { path: "/data", size: "10Gi" } },
  });
  new NodeAgent(chart, "agent", { image });
  return chart;
}
