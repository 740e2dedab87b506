import assert from "node:assert/strict";
import {
  findingsOf,
  type JobProps,
  type StatefulServiceProps,
  Tenant,
  type TenantProps,
  Volume,
  type VolumeProps,
  VolumeRef,
  type WorkerProps,
} from "../../constructs/index.ts";
import { findingsAround, newChart, soundProps } from "../support/constructs.ts";
import { workload, type WorkloadKind } from "../support/workloads.ts";

const image = "ghcr.io/acme/app:1.4.2";
const volume = new VolumeRef("data");

// The compiler fails if one of these compiles: `npm run types` is the first half of this test.
const refusedVolumes: readonly VolumeProps[] = [
  // @ts-expect-error: a volume has a size
  {},
  // @ts-expect-error: bytes without a unit
  { size: "10" },
  // @ts-expect-error: a class is said by intent or by name
  { size: "1Gi", class: "fast", storageClass: "io2" },
  // @ts-expect-error: Kubernetes has no such mode
  { size: "1Gi", accessMode: "RWX" },
];

const refusedWorkloads: readonly (readonly [WorkloadKind, object])[] = [
  // @ts-expect-error: a volume that is there has no size
  ["worker", { image, volumes: { data: { path: "/data", volume, size: "1Gi" } } } satisfies WorkerProps],
  // @ts-expect-error: a path begins with a slash
  ["worker", { image, volumes: { data: { path: "data", volume } } } satisfies WorkerProps],
  // @ts-expect-error: the name of a claim is not a volume
  ["job", { image, volumes: { data: { path: "/data", volume: "data" } } } satisfies JobProps],
  [
    "statefulService",
    {
      ...soundProps,
      // @ts-expect-error: the service says what becomes of its pods' volumes
      volumes: { data: { path: "/data", size: "1Gi", whenDeleted: "Delete" } },
    } satisfies StatefulServiceProps,
  ],
];

const refusedTenants: readonly TenantProps[] = [
  // @ts-expect-error: there is no such role
  { groups: { owner: ["a"] } },
  // @ts-expect-error: there is no such level
  { podSecurity: "strict" },
  // @ts-expect-error: memory without a unit
  { quota: { memory: "16" } },
  // @ts-expect-error: a device has a domain
  { quota: { devices: { gpu: 1 } } },
];

describe("What the compiler refuses of volumes and tenants", () => {
  refusedVolumes.forEach((props, index) => {
    it(`is an error at synthesis too: volume ${index + 1}`, () => {
      assertRefused(new Volume(newChart(), "data", props));
    });
  });

  refusedWorkloads.forEach(([kind, props], index) => {
    it(`is an error at synthesis too: workload ${index + 1}, a ${kind}`, () => {
      assertRefused(workload(kind, props));
    });
  });

  refusedTenants.forEach((props, index) => {
    it(`is an error at synthesis too: tenant ${index + 1}`, () => {
      assertRefused(new Tenant(newChart(), "team", props));
    });
  });

  it("is nothing of what is right", () => {
    const chart = newChart();
    new Volume(chart, "data", {
      size: "1Gi",
      class: "fast",
      allow: [{ code: "storage-unserved", reason: "a test" }],
    });
    assert.deepEqual(findingsOf(chart), []);
  });
});

function assertRefused(construct: Parameters<typeof findingsAround>[0]): void {
  assert.ok(findingsAround(construct).some(({ severity }) => severity === "error"));
}
