import assert from "node:assert/strict";
import { App, Chart } from "cdk8s";
import {
  findingsOf,
  type Profile,
  StatefulService,
  useProfile,
  Volume,
  VolumeRef,
  Worker,
  type WorkerProps,
} from "../../constructs/index.ts";
import type {
  Deployment,
  PersistentVolumeClaim,
  PodSpec,
  StatefulSet,
} from "../../constructs/kubernetes/types.ts";
import { assertGolden } from "../support/golden.ts";

const storage = {
  standard: "gp3",
  fast: { storageClass: "io2", accessModes: ["ReadWriteOncePod"] },
  shared: { storageClass: "efs", accessModes: ["ReadWriteMany", "ReadOnlyMany"] },
} as const satisfies Profile["storage"];

const image = "ghcr.io/acme/app:1.4.2";
const alone = [{ code: "single-replica", reason: "its volume is of one node" }] as const;

describe("A volume", () => {
  it("renders with the workloads that mount it to the golden manifests", () => {
    const { app, chart } = newApp(storage);
    const uploads = new Volume(chart, "uploads", { size: "50Gi", class: "shared" });
    new Worker(chart, "thumbnails", {
      image,
      volumes: {
        uploads: { path: "/uploads", volume: uploads, readOnly: true },
        old: { path: "/old", volume: new VolumeRef("archive") },
      },
    });
    new Worker(chart, "index", {
      image,
      replicas: 1,
      allow: alone,
      volumes: { data: { path: "/data", size: "5Gi", whenDeleted: "Delete" } },
    });
    assert.deepEqual(findingsOf(app), []);
    assertGolden("volume/everything.yaml", app.synthYaml());
  });

  it("is of the class that the profile has for what it is for", () => {
    const classes = (props: object, offers?: Profile["storage"]): unknown => {
      const { spec } = claimOf({ path: "/data", size: "1Gi", ...props }, offers);
      return [spec?.storageClassName, ...(spec?.accessModes ?? [])];
    };
    assert.deepEqual(classes({ class: "fast" }, storage), ["io2", "ReadWriteOncePod"]);
    assert.deepEqual(classes({ class: "shared" }, storage), ["efs", "ReadWriteMany"]);
    assert.deepEqual(classes({ class: "shared", accessMode: "ReadOnlyMany" }, storage), [
      "efs",
      "ReadOnlyMany",
    ]);
    assert.deepEqual(classes({}, storage), ["gp3", "ReadWriteOnce"], "standard, if the profile has it");
    assert.deepEqual(classes({}), [undefined, "ReadWriteOnce"], "else the cluster's default class");
    assert.deepEqual(classes({ storageClass: "zfs" }), ["zfs", "ReadWriteOnce"]);
  });

  it("of a stateful service is a template, of the class by intent too", () => {
    const { app, chart } = newApp(storage);
    new StatefulService(chart, "db", {
      image,
      port: 5432,
      health: { ready: "tcp" },
      access: { from: ["namespace"] },
      volumes: { data: { path: "/data", size: "1Gi", class: "fast" } },
      retention: { whenScaled: "Delete" },
    });
    assert.deepEqual(findingsOf(app), []);
    const { spec } = find(app, "StatefulSet") as StatefulSet;
    assert.deepEqual(spec?.volumeClaimTemplates?.[0]?.spec, {
      accessModes: ["ReadWriteOncePod"],
      resources: { requests: { storage: "1Gi" } },
      storageClassName: "io2",
    });
    assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, {
      whenDeleted: "Retain",
      whenScaled: "Delete",
    });
    assert.deepEqual(kindsOf(app, "PersistentVolumeClaim"), []);
  });

  it("is kept when its workload goes, unless it says otherwise", () => {
    const annotations = (whenDeleted?: "Delete"): unknown =>
      claimOf({ path: "/data", size: "1Gi", ...(whenDeleted && { whenDeleted }) }).metadata?.annotations;
    assert.deepEqual(annotations(), { "helm.sh/resource-policy": "keep" });
    assert.equal(annotations("Delete"), undefined);
  });

  it("can be written to by any user of the program", () => {
    const { securityContext } = podWith({ path: "/data", size: "1Gi" });
    assert.deepEqual(
      [securityContext?.fsGroup, securityContext?.fsGroupChangePolicy],
      [10_001, "OnRootMismatch"],
    );
  });

  it("of one node is left by the old pod before the new one mounts it", () => {
    const strategyOf = (props: object): unknown => {
      const { app, chart } = newApp(storage);
      const volumes = { data: { path: "/data", size: "1Gi", ...props } } as WorkerProps["volumes"] & object;
      new Worker(chart, "app", { image, replicas: 1, allow: alone, volumes });
      assert.deepEqual(findingsOf(app), []);
      return (find(app, "Deployment") as Deployment).spec?.strategy?.type;
    };
    assert.equal(strategyOf({}), "Recreate");
    assert.equal(strategyOf({ class: "shared" }), "RollingUpdate");
  });

  it("keeps its name when the construct is renamed with its name pinned", () => {
    const render = (id: string): string => {
      const { app, chart } = newApp();
      new Volume(chart, id, { name: "data", size: "1Gi" });
      return app.synthYaml();
    };
    assert.equal(render("one"), render("other"));
  });
});

function newApp(offers?: Profile["storage"]): { readonly app: App; readonly chart: Chart } {
  const app = new App();
  useProfile(app, { kubernetes: "1.35", ...(offers && { storage: offers }) });
  return { app, chart: new Chart(app, "shop", { namespace: "shop" }) };
}

function claimOf(volume: object, offers?: Profile["storage"]): PersistentVolumeClaim {
  const { app, chart } = newApp(offers);
  const volumes = { data: volume } as WorkerProps["volumes"] & object;
  new Worker(chart, "app", { image, replicas: 1, allow: alone, volumes });
  return find(app, "PersistentVolumeClaim") as PersistentVolumeClaim;
}

function podWith(volume: object): PodSpec {
  const { app, chart } = newApp();
  const volumes = { data: volume } as WorkerProps["volumes"] & object;
  new Worker(chart, "app", { image, replicas: 1, allow: alone, volumes });
  const pod = (find(app, "Deployment") as Deployment).spec?.template.spec;
  assert.ok(pod);
  return pod;
}

function kindsOf(app: App, kind: string): readonly object[] {
  return app.charts
    .flatMap((chart) => chart.toJson() as { readonly kind: string }[])
    .filter((each) => each.kind === kind);
}

function find(app: App, kind: string): object {
  const [found, ...more] = kindsOf(app, kind);
  assert.ok(found && more.length === 0, `there must be one ${kind}`);
  return found;
}
