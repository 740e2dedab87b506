import assert from "node:assert/strict";
import {
  type JobProps,
  lateValue,
  type NodeAgentProps,
  type ScheduledJobProps,
  type StatefulServiceProps,
  WebService,
  type WebServiceProps,
  Worker,
  type WorkerProps,
} from "../../constructs/index.ts";
import { findingsAround, newChart, soundProps } from "../support/constructs.ts";
import { workload, type WorkloadKind } from "../support/workloads.ts";

// The compiler fails if one of these compiles: `npm run types` is the first half of this test.
const refused: readonly WebServiceProps[] = [
  // @ts-expect-error: the port is text
  { ...soundProps, port: "8080" },
  // @ts-expect-error: the image has no tag
  { ...soundProps, image: "nginx" },
  // @ts-expect-error: there is no such property
  { ...soundProps, replica: 3 },
  // @ts-expect-error: there is no such size
  { ...soundProps, size: "huge" },
  // @ts-expect-error: memory without a unit
  { ...soundProps, size: { cpu: 1, memory: "512" } },
  // @ts-expect-error: a path begins with a slash
  { ...soundProps, health: { ready: "readyz" } },
  // @ts-expect-error: liveness alone shows nothing about readiness
  { ...soundProps, health: { live: "/healthz" } },
  // @ts-expect-error: a node port is a number or "any"
  { ...soundProps, expose: { nodePort: "30080" } },
  // @ts-expect-error: nobody is called so
  { ...soundProps, access: { from: ["everyone"] } },
  // @ts-expect-error: a program reads text
  { ...soundProps, env: { LIMIT: 5 } },
  // @ts-expect-error: wrong input cannot be excused
  { ...soundProps, allow: [{ code: "invalid-value", reason: "I insist" }] },
  // @ts-expect-error: names are never late
  { ...soundProps, name: lateValue<string>("web", { secret: false }) },
];

// And a patch knows the fields of its object.
const misspelled: WebServiceProps = {
  ...soundProps,
  // @ts-expect-error: the field is called hostAliases
  patch: { pod: { hostAlias: [] } },
};

const image = "ghcr.io/acme/app:1.4.2";

const refusedWorkloads: readonly (readonly [WorkloadKind, object])[] = [
  // @ts-expect-error: the autoscaler decides how many pods run
  ["webService", { ...soundProps, replicas: 3, autoscale: { max: 6 } } satisfies WebServiceProps],
  // @ts-expect-error: an autoscaler has an upper bound
  ["worker", { image, autoscale: { min: 2 } } satisfies WorkerProps],
  // @ts-expect-error: a check has one form
  ["worker", { image, health: { ready: { http: "/a", exec: ["b"] } } } satisfies WorkerProps],
  [
    "worker",
    {
      image,
      autoscale: {
        max: 3, // @ts-expect-error: a metric is of the pods or external
        metrics: [{ pods: "a", external: "b", average: 1 }],
      },
    } satisfies WorkerProps,
  ],
  // @ts-expect-error: nobody calls a worker
  ["worker", { image, access: { from: ["namespace"] } } satisfies WorkerProps],
  // @ts-expect-error: a device has a domain
  ["job", { image, size: { cpu: 1, memory: "1Gi", devices: { gpu: 1 } } } satisfies JobProps],
  // @ts-expect-error: pods that run to their end have no number of replicas
  ["job", { image, replicas: 2 } satisfies JobProps],
  // @ts-expect-error: a schedule has five fields
  ["scheduledJob", { image, schedule: "0 3 * *" } satisfies ScheduledJobProps],
  // @ts-expect-error: there is no such way to overlap
  ["scheduledJob", { image, schedule: "0 3 * * *", overlap: "Forbid" } satisfies ScheduledJobProps],
  // @ts-expect-error: a volume has a size
  ["statefulService", { ...soundProps, volumes: { data: { path: "/data" } } } satisfies StatefulServiceProps],
  // @ts-expect-error: volumes do not scale with the load
  ["statefulService", { ...soundProps, volumes: {}, autoscale: { max: 3 } } satisfies StatefulServiceProps],
  // @ts-expect-error: a share of the nodes is in percent
  ["nodeAgent", { image, maxUnavailable: "half" } satisfies NodeAgentProps],
];

// A caller needs no port, but who is called does.
const worker = new Worker(newChart(), "worker", { image });
const calledWorker: WorkerProps = {
  image,
  // @ts-expect-error: nobody can call a worker
  access: { to: [worker] },
};

describe("What the compiler refuses", () => {
  it("is to call a program without a port", () => {
    assert.deepEqual(calledWorker.access?.to, [worker]);
    const service = new WebService(newChart(), "web", { ...soundProps, access: { from: [worker] } });
    assert.deepEqual(findingsAround(service), []);
  });

  refusedWorkloads.forEach(([kind, props], index) => {
    it(`is an error at synthesis too: workload ${index + 1}, a ${kind}`, () => {
      const found = findingsAround(workload(kind, props));
      assert.ok(found.some(({ severity }) => severity === "error"));
    });
  });

  refused.forEach((props, index) => {
    it(`is an error at synthesis too, for those without a compiler: case ${index + 1}`, () => {
      const found = findingsAround(new WebService(newChart(), "web", props));
      assert.ok(found.some(({ severity }) => severity === "error"));
    });
  });

  it("is an error in a patch too, unless an exception says that the cluster knows it", () => {
    const allow = [{ code: "unknown-field", reason: "a cluster with a feature gate" }] as const;
    const codes = (props: WebServiceProps): readonly string[] =>
      findingsAround(new WebService(newChart(), "web", props)).map(({ code }) => code);
    assert.deepEqual(codes(misspelled), ["unknown-field"]);
    assert.deepEqual(codes({ ...misspelled, allow }), []);
  });
});
