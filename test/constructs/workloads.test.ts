import assert from "node:assert/strict";
import { explain, WebService, Worker } from "../../constructs/index.ts";
import type { PodSpec } from "../../constructs/kubernetes/types.ts";
import { appOf, kindsAround, newChart, objectOf, soundProps } from "../support/constructs.ts";
import { corpus, renderSample } from "../support/corpus.ts";
import { assertGolden } from "../support/golden.ts";
import { findRestricted, type Pod } from "../support/pod-security.ts";
import { soundWorkloads, workload, type WorkloadKind } from "../support/workloads.ts";

const side = { image: "ghcr.io/acme/side:2.0.0" } as const;

describe("Every workload", () => {
  for (const kind of Object.keys(soundWorkloads) as WorkloadKind[]) {
    it(`renders the smallest ${kind} to the golden manifests`, () => {
      assertGolden(`workloads/${kind}.yaml`, appOf(workload(kind)).synthYaml());
    });

    it(`explains every default of a ${kind}`, () => {
      const defaults = explain(workload(kind));
      assert.ok(defaults.length > 5);
      assert.ok(defaults.every(({ why, value }) => why.length > 0 && value !== undefined));
    });

    it(`keeps the names of a ${kind} that is renamed with its name pinned`, () => {
      const render = (id: string): string =>
        appOf(workload(kind, { name: "pinned" }, newChart(), id)).synthYaml();
      assert.equal(render("one"), render("other"));
    });
  }

  it("renders a workload that says everything of its pods to the golden manifests", () => {
    const worker = workload("worker", {
      size: { cpu: 2, memory: "4Gi", ephemeralStorage: "1Gi", devices: { "nvidia.com/gpu": 1 } },
      init: { migrate: { ...side, command: ["/migrate"] } },
      sidecars: {
        proxy: { ...side, ports: { admin: 9901 }, health: { ready: { http: "/r", port: "admin" } } },
      },
      containers: { logs: side },
      shared: ["/var/cache/app"],
      priority: "important",
      nodes: { labels: { "kubernetes.io/arch": "amd64" }, tolerate: [{ key: "gpu", operator: "Exists" }] },
      spread: "required",
      shutdownSeconds: 120,
      autoscale: {
        min: 3,
        max: 9,
        cpu: 60,
        memory: 80,
        metrics: [{ external: "queue_length", labels: { queue: "a" }, average: 5 }],
        behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
      },
    });
    assertGolden("workloads/everything.yaml", appOf(worker).synthYaml());
  });

  it("passes Pod Security restricted in every sample of the corpus", () => {
    for (const sample of corpus()) {
      for (const object of renderSample(sample)) {
        const pod = podOf(object);
        if (pod) assert.deepEqual(findRestricted(pod as Pod), [], sample.title);
      }
    }
  });
});

describe("A pod", () => {
  it("starts sidecars before it is set up, and ends them after the program", () => {
    const { initContainers = [] } = podIn(
      workload("job", { init: { one: side, two: side }, sidecars: { proxy: side } }),
    );
    assert.deepEqual(
      initContainers.map(({ name, restartPolicy }) => [name, restartPolicy]),
      [
        ["proxy", "Always"],
        ["one", undefined],
        ["two", undefined],
      ],
    );
  });

  it("gives each container a scratch directory of its own, and all of them the shared ones", () => {
    const { containers, volumes = [] } = podIn(
      workload("worker", { containers: { logs: side }, shared: ["/cache"] }),
    );
    const mounts = containers.map(({ volumeMounts = [] }) =>
      volumeMounts.map(({ name, mountPath }) => `${name}:${mountPath}`),
    );
    assert.deepEqual(mounts, [
      ["tmp:/tmp", "shared-0:/cache"],
      ["tmp-logs:/tmp", "shared-0:/cache"],
    ]);
    assert.deepEqual(
      volumes.map(({ name }) => name),
      ["tmp", "tmp-logs", "shared-0"],
    );
  });

  it("asks for devices and storage exactly, without a CPU limit", () => {
    const size = { cpu: 1, memory: "1Gi", ephemeralStorage: "2Gi", devices: { "nvidia.com/gpu": 2 } };
    const amounts = { memory: "1Gi", "ephemeral-storage": "2Gi", "nvidia.com/gpu": 2 };
    assert.deepEqual(podIn(workload("job", { size })).containers[0]?.resources, {
      requests: { cpu: "1", ...amounts },
      limits: amounts,
    });
  });

  const handlers: readonly (readonly [title: string, check: unknown, handler: object])[] = [
    ["a path", "/readyz", { httpGet: { path: "/readyz", port: "http" } }],
    ["http", { http: "/r", port: "admin" }, { httpGet: { path: "/r", port: "admin" } }],
    ["https", { https: "/r" }, { httpGet: { path: "/r", port: "http", scheme: "HTTPS" } }],
    ["tcp", { tcp: 9000 }, { tcpSocket: { port: 9000 } }],
    [
      "grpc by the name of its port",
      { grpc: "api", port: "admin" },
      { grpc: { port: 9000, service: "api" } },
    ],
    ["grpc as a whole", { grpc: "" }, { grpc: { port: 8080 } }],
    ["exec", { exec: ["/check"] }, { exec: { command: ["/check"] } }],
  ];
  for (const [title, ready, handler] of handlers) {
    it(`is probed by ${title}`, () => {
      const probe = podIn(workload("webService", { ports: { admin: 9000 }, health: { ready } })).containers[0]
        ?.readinessProbe;
      assert.partialDeepStrictEqual(probe, handler);
    });
  }

  it("has time to leave the load balancers and to finish, and a worker only to finish", () => {
    assert.equal(podIn(workload("webService", { shutdownSeconds: 60 })).terminationGracePeriodSeconds, 65);
    assert.equal(podIn(workload("worker", { shutdownSeconds: 60 })).terminationGracePeriodSeconds, 60);
  });
});

describe("An autoscaler", () => {
  it("takes the place of a number of replicas", () => {
    const service = workload("webService", { autoscale: { max: 6 } });
    assert.equal(objectOf(service, "Deployment").spec?.replicas, undefined);
    const { spec } = objectOf(service, "HorizontalPodAutoscaler");
    assert.deepEqual([spec?.minReplicas, spec?.maxReplicas], [2, 6]);
    assert.equal(spec?.metrics?.[0]?.resource?.target.averageUtilization, 75);
  });

  it("decides whether there is a disruption budget by its least number of pods", () => {
    assert.ok(kindsAround(workload("worker", { autoscale: { max: 6 } })).includes("PodDisruptionBudget"));
    const one = workload("worker", { autoscale: { min: 1, max: 6 } });
    assert.ok(!kindsAround(one).includes("PodDisruptionBudget"));
  });
});

describe("A Worker", () => {
  it("has no service and is called by nobody", () => {
    const worker = workload("worker");
    assert.ok(!kindsAround(worker).includes("Service"));
    assert.deepEqual(objectOf(worker, "NetworkPolicy").spec?.ingress, []);
  });

  it("may call what it names, on both sides of the connection", () => {
    const chart = newChart();
    const api = new WebService(chart, "api", { ...soundProps, access: {} });
    const worker = new Worker(chart, "worker", { image: side.image, access: { to: [api] } });
    assert.deepEqual(objectOf(api, "NetworkPolicy").spec?.ingress?.[0]?.from, [
      { podSelector: { matchLabels: { "app.kubernetes.io/name": "worker" } } },
    ]);
    assert.equal(objectOf(worker, "NetworkPolicy").spec?.egress?.length, 2);
  });
});

describe("A Job", () => {
  it("is another one when it does something else, and the same otherwise", () => {
    const nameOf = (props: object): string => {
      const found = appOf(workload("job", props)).charts.flatMap((chart) => chart.toJson() as Named[]);
      return found.find(({ kind }) => kind === "Job")?.metadata.name ?? "";
    };
    assert.match(nameOf({}), /^app-[0-9a-f]{8}$/);
    assert.equal(nameOf({ args: ["a"] }), nameOf({ args: ["a"] }));
    assert.notEqual(nameOf({ args: ["a"] }), nameOf({ args: ["b"] }));
    assert.notEqual(nameOf({}), nameOf({ patch: { pod: { hostname: "a" } } }));
  });

  it("does not count pods that a drain ended, and numbers pods that share the work", () => {
    const job = workload("job", { completions: 4, parallelism: 2, name: "import" });
    const { spec } = objectNamed(job, "Job", /^import-/) as { spec: Readonly<Record<string, unknown>> };
    assert.partialDeepStrictEqual(spec, { completions: 4, completionMode: "Indexed", parallelism: 2 });
    assert.partialDeepStrictEqual(spec["podFailurePolicy"], { rules: [{ action: "Ignore" }] });
  });
});

describe("A StatefulService", () => {
  it("gives each pod a name in DNS before it is ready, and callers only pods that are", () => {
    const service = workload("statefulService", { replicas: 3 });
    assert.equal(objectOf(service, "StatefulSet").spec?.serviceName, "app-peers");
    assert.equal(objectOf(service, "Service").spec?.publishNotReadyAddresses, undefined);
    const peers = objectNamed(service, "Service", /-peers$/) as { spec: object };
    assert.partialDeepStrictEqual(peers.spec, { clusterIP: "None", publishNotReadyAddresses: true });
  });

  it("lets its pods call each other, whoever else may", () => {
    const service = workload("statefulService", { access: { from: [{ namespace: "ops" }], to: [] } });
    const { ingress, egress } = objectOf(service, "NetworkPolicy").spec ?? {};
    const self = { podSelector: { matchLabels: { "app.kubernetes.io/name": "app" } } };
    assert.deepEqual(ingress?.[0]?.from?.[0], self);
    assert.deepEqual(egress?.[1]?.to, [self]);
  });

  it("never deletes data, and lets the program write to it", () => {
    const service = workload("statefulService");
    const { persistentVolumeClaimRetentionPolicy } = objectOf(service, "StatefulSet").spec ?? {};
    assert.deepEqual(persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
    assert.equal(podIn(service).securityContext?.fsGroup, 10_001);
    assert.equal(podIn(workload("worker")).securityContext?.fsGroup, undefined);
  });
});

describe("A NodeAgent", () => {
  it("runs on every node, or where it is told", () => {
    assert.deepEqual(podIn(workload("nodeAgent")).tolerations, [{ operator: "Exists" }]);
    const some = podIn(workload("nodeAgent", { nodes: { labels: { tier: "edge" }, tolerate: [] } }));
    assert.deepEqual([some.nodeSelector, some.tolerations], [{ tier: "edge" }, []]);
  });
});

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

function objectNamed(service: ReturnType<typeof workload>, kind: string, name: RegExp): unknown {
  const all = appOf(service).charts.flatMap((chart) => chart.toJson() as Named[]);
  return all.find((each) => each.kind === kind && name.test(each.metadata.name));
}

function podIn(service: ReturnType<typeof workload>): PodSpec {
  const objects = appOf(service).charts.flatMap((chart) => chart.toJson() as object[]);
  const pod = objects.map(podOf).find((found) => found !== undefined);
  assert.ok(pod);
  return pod;
}

interface Templated {
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec };
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
  };
}

function podOf(object: object): PodSpec | undefined {
  const { spec } = object as Templated;
  return spec?.template?.spec ?? spec?.jobTemplate?.spec.template.spec;
}
