import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import {
  StatefulService,
  type StatefulServiceProps,
  Volume,
  type VolumeProps,
} from "../../constructs/index.ts";
import { keptOf } from "../../stacks/objects/keep.ts";
import type { OrderedObject } from "../../stacks/objects/order.ts";
import { soundProps } from "../support/constructs.ts";

const volumes = { data: { path: "/data", size: "1Gi" } } as const;

describe("keptOf()", () => {
  const cases: readonly (readonly [string, (chart: Chart) => unknown, readonly string[]])[] = [
    ["a volume and its namespace", addVolume({ size: "1Gi" }), ["Namespace", "PersistentVolumeClaim"]],
    ["nothing of a volume that goes", addVolume({ size: "1Gi", whenDeleted: "Delete" }), []],
    ["the namespace of pods with volumes", addService({ volumes }), ["Namespace"]],
    [
      "nothing of volumes that go with their service",
      addService({ volumes, retention: { whenDeleted: "Delete" } }),
      [],
    ],
    ["nothing of pods without volumes", addService({ volumes: {} }), []],
  ];
  for (const [title, build, kept] of cases) {
    it(`keeps ${title}`, () => {
      const chart = new Chart(new App(), "shop", { namespace: "shop" });
      build(chart);
      const namespaces = ["shop", "other"].map((name) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name },
      }));
      const objects = [...namespaces, ...(chart.toJson() as OrderedObject[])];
      assert.deepEqual(
        objects.filter(keptOf(objects)).map(({ kind }) => kind),
        kept,
      );
    });
  }
});

function addVolume(props: VolumeProps) {
  return (chart: Chart): unknown => new Volume(chart, "uploads", props);
}

function addService(props: Pick<StatefulServiceProps, "volumes" | "retention">) {
  return (chart: Chart): unknown => new StatefulService(chart, "db", { ...soundProps, ...props });
}
