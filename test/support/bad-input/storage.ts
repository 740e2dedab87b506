import { type App, ApiObject, Chart } from "cdk8s";
import {
  type Exception,
  NodeAgent,
  ScheduledJob,
  StatefulService,
  useProfile,
  Volume,
  Worker,
  type WorkerProps,
} from "../../../constructs/index.ts";
import type { BadPairs } from "./between.ts";

const image = "ghcr.io/acme/app:1.4.2";
const alone: readonly Exception[] = [{ code: "single-replica", reason: "its volume is of one node" }];
const own = { data: { path: "/data", size: "1Gi" } } as const;
const many = { data: { ...own.data, accessMode: "ReadWriteMany" } } as const;

/** What is wrong between volumes and those that mount them. */
export const badStorage: BadPairs = {
  "two pods with a volume of one node": {
    code: "volume-contended",
    at: ["shop/app/deployment", "spec.template.spec.volumes.1"],
    bad: (app) => worker(app, { volumes: own }),
    good: (app) => worker(app, { volumes: many }),
  },
  "an autoscaler over a volume of one node": {
    code: "volume-contended",
    at: ["shop/app/deployment", "spec.template.spec.volumes.1"],
    bad: (app) => worker(app, { volumes: own, autoscale: { max: 4 } }),
    good: (app) => worker(app, { volumes: many, autoscale: { max: 4 } }),
  },
  "a rolling update over a volume of one node": {
    code: "volume-contended",
    at: ["shop/app/deployment", "spec.template.spec.volumes.1"],
    bad: (app) => {
      const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } as const;
      worker(app, { volumes: own, replicas: 1, allow: alone, patch: { deployment: { spec: { strategy } } } });
    },
    good: (app) => worker(app, { volumes: own, replicas: 1, allow: alone }),
  },
  "two workloads with one volume of one node": {
    code: "volume-contended",
    at: ["shop/second/deployment", "spec.template.spec.volumes.1"],
    bad: (app) => shared(app, "ReadWriteOnce"),
    good: (app) => shared(app, "ReadWriteMany"),
  },
  "an agent on every node with a volume of one": {
    code: "volume-contended",
    at: ["shop/agent/daemonSet", "spec.template.spec.volumes.1"],
    bad: (app) => new NodeAgent(shop(app), "agent", { image, volumes: own }),
    good: (app) => new NodeAgent(shop(app), "agent", { image, volumes: many }),
  },
  "runs that overlap with a volume of one node": {
    code: "volume-contended",
    at: ["shop/report/cronJob", "spec.jobTemplate.spec.template.spec.volumes.1"],
    bad: (app) => report(app, { overlap: "allow", volumes: own }),
    good: (app) => report(app, { overlap: "replace", volumes: own }),
  },
  "pods of one run beside each other with a volume of one node": {
    code: "volume-contended",
    at: ["shop/report/cronJob", "spec.jobTemplate.spec.template.spec.volumes.1"],
    bad: (app) => report(app, { completions: 4, parallelism: 2, volumes: own }),
    good: (app) => report(app, { completions: 4, parallelism: 1, volumes: own }),
  },
  "a raw claim of one node under two raw pods": {
    code: "volume-contended",
    at: ["shop/deployment", "spec.template.spec.volumes.0"],
    bad: (app) => rawPair(app, "ReadWriteOncePod", 2),
    good: (app) => rawPair(app, "ReadWriteMany", 2),
  },
  "a claim that nothing makes": {
    code: "claim-missing",
    at: ["shop/deployment", "spec.template.spec.volumes.0"],
    bad: (app) => rawDeployment(shop(app), 2),
    good: (app) => rawPair(app, "ReadWriteMany", 2),
  },
  "a volume of another namespace": {
    code: "invalid-value",
    at: ["shop/app", "volumes.data.volume"],
    bad: (app) => elsewhere(app, "ops"),
    good: (app) => elsewhere(app, "shop"),
  },
  "an intent that the profile does not know": {
    code: "storage-unserved",
    at: ["shop/app", "volumes.data.class"],
    bad: (app) => {
      useProfile(app, { kubernetes: "1.35", storage: { standard: "gp3" } });
      worker(app, { replicas: 1, allow: alone, volumes: { data: { ...own.data, class: "fast" } } });
    },
    good: (app) => {
      useProfile(app, { kubernetes: "1.35", storage: { standard: "gp3", fast: "io2" } });
      worker(app, { replicas: 1, allow: alone, volumes: { data: { ...own.data, class: "fast" } } });
    },
  },
  "an access mode that the class does not offer": {
    code: "storage-unserved",
    at: ["shop/uploads", "accessMode"],
    bad: (app) => {
      useProfile(app, {
        kubernetes: "1.35",
        storage: { fast: { storageClass: "io2", accessModes: ["ReadWriteOnce"] } },
      });
      new Volume(shop(app), "uploads", { size: "1Gi", class: "fast", accessMode: "ReadWriteMany" });
    },
    good: (app) => {
      useProfile(app, {
        kubernetes: "1.35",
        storage: { fast: { storageClass: "efs", accessModes: ["ReadWriteMany"] } },
      });
      new Volume(shop(app), "uploads", { size: "1Gi", class: "fast", accessMode: "ReadWriteMany" });
    },
  },
  "a raw claim of a class that the profile does not know": {
    code: "storage-unserved",
    at: ["shop/claim", "spec.storageClassName"],
    bad: (app) => rawClaimOn(app, "gp2"),
    good: (app) => rawClaimOn(app, "gp3"),
  },
  "a claim of a pod that is larger than its template": {
    code: "claim-mismatch",
    at: ["shop/db/statefulSet", "spec.volumeClaimTemplates.0.spec.resources.requests.storage"],
    bad: (app) => database(app, "20Gi"),
    good: (app) => database(app, "10Gi"),
  },
  "a claim that asks for more than its volume has": {
    code: "claim-mismatch",
    at: ["shop/claim", "spec.resources.requests.storage"],
    bad: (app) => boundPair(app, { capacity: { storage: "5Gi" } }),
    good: (app) => boundPair(app, {}),
  },
  "a claim that mounts its volume as it cannot be mounted": {
    code: "claim-mismatch",
    at: ["shop/claim", "spec.accessModes"],
    bad: (app) => boundPair(app, { accessModes: ["ReadOnlyMany"] }),
    good: (app) => boundPair(app, {}),
  },
  "a claim of another class than its volume": {
    code: "claim-mismatch",
    at: ["shop/claim", "spec.storageClassName"],
    bad: (app) => boundPair(app, { storageClassName: "slow" }),
    good: (app) => boundPair(app, {}),
  },
};

function shop(app: App, namespace = "shop"): Chart {
  return new Chart(app, namespace, { namespace });
}

function worker(app: App, props: Partial<WorkerProps>): App {
  new Worker(shop(app), "app", { image, ...props });
  return app;
}

function report(app: App, props: object): App {
  new ScheduledJob(shop(app), "report", { image, schedule: "0 3 * * *", ...props });
  return app;
}

function shared(app: App, accessMode: "ReadWriteOnce" | "ReadWriteMany"): App {
  const chart = shop(app);
  const volume = new Volume(chart, "uploads", { size: "1Gi", accessMode });
  for (const id of ["first", "second"]) {
    new Worker(chart, id, { image, replicas: 1, allow: alone, volumes: { data: { path: "/data", volume } } });
  }
  return app;
}

function elsewhere(app: App, namespace: string): App {
  const chart = namespace === "shop" ? undefined : shop(app, namespace);
  const own = shop(app);
  const volume = new Volume(chart ?? own, "uploads", { size: "1Gi", accessMode: "ReadWriteMany" });
  const allow = [{ code: "claim-missing", reason: "the other finding says it" }] as const;
  new Worker(own, "app", { image, allow, volumes: { data: { path: "/data", volume } } });
  return app;
}

function rawClaim(chart: Chart, spec: object): void {
  const manifest = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data" } };
  const resources = { requests: { storage: "10Gi" } };
  new ApiObject(chart, "claim", { ...manifest, spec: { resources, ...spec } });
}

function rawDeployment(chart: Chart, replicas: number): ApiObject {
  const labels = { app: "raw" };
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
  const manifest = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "raw" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "raw", image }], volumes } },
    },
  };
  return new ApiObject(chart, "deployment", manifest);
}

function rawPair(app: App, accessMode: string, replicas: number): App {
  const chart = shop(app);
  rawClaim(chart, { accessModes: [accessMode] });
  rawDeployment(chart, replicas);
  return app;
}

function rawClaimOn(app: App, storageClassName: string): App {
  useProfile(app, { kubernetes: "1.35", storage: { standard: "gp3" } });
  rawClaim(shop(app), { accessModes: ["ReadWriteOnce"], storageClassName });
  return app;
}

function database(app: App, size: string): App {
  const chart = shop(app);
  new StatefulService(chart, "db", {
    image,
    port: 5432,
    health: { ready: "tcp" },
    access: { from: ["namespace"] },
    volumes: { data: { path: "/data", size: "10Gi" } },
  });
  const manifest = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data-db-0" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: size } } },
  };
  new ApiObject(chart, "claim", manifest);
  return app;
}

function boundPair(app: App, volume: object): App {
  const chart = shop(app);
  const accessModes = ["ReadWriteOnce"];
  const storageClassName = "disks";
  rawClaim(chart, { accessModes, storageClassName, volumeName: "disk-1" });
  const hostPath = { path: "/disks/1" };
  const manifest = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "disk-1" },
    spec: { capacity: { storage: "10Gi" }, accessModes, storageClassName, hostPath, ...volume },
  };
  new ApiObject(chart, "volume", manifest);
  return app;
}
