import type { Chart } from "cdk8s";
import type { Construct } from "constructs";
import {
  Config,
  type ConfigProps,
  Job,
  type JobProps,
  NodeAgent,
  type NodeAgentProps,
  type Profile,
  ScheduledJob,
  type ScheduledJobProps,
  SecretRef,
  StatefulService,
  type StatefulServiceProps,
  Tenant,
  useProfile,
  Volume,
  type VolumeProps,
  VolumeRef,
  WebService,
  type WebServiceProps,
  Worker,
  type WorkerProps,
} from "../../constructs/index.ts";
import { newChart } from "./constructs.ts";
import { type Factors, pairwise } from "./pairwise.ts";
import { type SampleKind, wiringKinds } from "./wiring-samples.ts";

/** One construct of the library with properties without a finding. */
export interface Sample {
  readonly title: string;
  readonly build: (chart: Chart) => Construct;
}

/** Every construct with the least that it needs, and in a pairwise matrix of its properties. */
export function corpus(): readonly Sample[] {
  return Object.entries(kinds).flatMap(([kind, { least, factors, build }]) => {
    const rows = [{}, ...pairwise(factors)];
    return rows.map((row, index) => ({
      title: index === 0 ? `${kind} with its defaults` : `${kind}, row ${index}`,
      build: (chart: Chart) => build(chart, { ...least, ...withoutEmpty(row) }),
    }));
  });
}

/** The objects of a sample that is alone in an app of its own. */
export function renderSample({ build }: Sample, namespace = "shop"): readonly object[] {
  const chart = newChart({ namespace });
  useProfile(chart, cluster);
  build(chart);
  return chart.toJson() as readonly object[];
}

/** The cluster that samples are made for. */
export const cluster: Profile = {
  kubernetes: "1.35",
  gateway: { name: "edge", namespace: "infra" },
  monitoring: { namespace: "monitoring", labels: { release: "main" } },
  secrets: { by: "external-secrets", store: "vault" },
  clusterSet: "mcs",
};

const image = "ghcr.io/acme/app:1.4.2";
const none = undefined;
const side = { image: "ghcr.io/acme/side:2.0.0" };

const podFactors: Factors = {
  size: [
    none,
    "large",
    { cpu: "50m", memory: "64Mi", ephemeralStorage: "1Gi", devices: { "nvidia.com/gpu": 1 } },
  ],
  env: [none, { MODE: "strict", NODE: { field: "spec.nodeName" } }],
  uses: [
    none,
    {
      db: {
        host: "db.example.com",
        port: 5432,
        cidrs: ["203.0.113.0/24"],
        scheme: "postgres",
        path: "/shop",
      },
      api: { name: "api", namespace: "back", port: 8080 },
      far: { imported: "api", namespace: "far", cidrs: ["10.32.0.0/16"] },
    },
  ],
  init: [none, { migrate: { ...side, command: ["/migrate"] } }],
  sidecars: [
    none,
    { proxy: { ...side, ports: { proxy: 9901 }, health: { ready: { http: "/ready", port: "proxy" } } } },
  ],
  containers: [none, { logs: { ...side, size: "medium" } }],
  shared: [none, ["/var/cache/app"]],
  files: [none, { "/etc/db": new SecretRef("db", { revision: "1" }) }],
  volumes: [
    none,
    {
      data: {
        path: "/data",
        size: "10Gi",
        accessMode: "ReadWriteMany",
        storageClass: "shared",
        whenDeleted: "Delete",
      },
    },
    { data: { path: "/data", volume: new VolumeRef("data"), readOnly: true } },
  ],
  priority: [none, "important"],
  nodes: [
    none,
    {
      labels: { "kubernetes.io/arch": "amd64" },
      tolerate: [{ key: "gpu", operator: "Exists", effect: "NoSchedule" }],
    },
  ],
  shutdownSeconds: [none, 0, 120],
};

const scale = [
  none,
  { replicas: 1 },
  { replicas: 5 },
  { autoscale: { max: 6 } },
  {
    autoscale: {
      min: 3,
      max: 9,
      cpu: 60,
      memory: 80,
      metrics: [
        { pods: "requests_per_second", average: 100 },
        { external: "queue_length", labels: { queue: "a" }, average: "5" },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
    },
  },
];

const health = [
  none,
  { ready: "/readyz", live: "/healthz" },
  { ready: "grpc" },
  { ready: { https: "/readyz" }, live: "tcp", startupSeconds: 300 },
  { ready: { grpc: "api" }, live: { exec: ["/bin/check"] } },
];

const served: Factors = {
  metrics: [none, {}, { port: 9090, path: "/m", intervalSeconds: 30 }],
  ports: [none, { admin: 9000 }],
  health,
  access: [
    none,
    {
      from: ["namespace", { namespace: "ops", app: "probe" }],
      to: [{ cidr: "203.0.113.0/24", ports: [443] }],
    },
  ],
  spread: [none, "required", "none"],
};

const unserved: Factors = {
  metrics: [none, { port: 9090 }],
  health: [
    none,
    { ready: { exec: ["/bin/check"] } },
    { ready: { http: "/readyz", port: 8081 }, live: { tcp: 8081 } },
  ],
  access: [none, { to: [] }],
};

const run: Factors = {
  retries: [none, 0],
  timeoutSeconds: [none, 600],
  keepSeconds: [none, 0],
  access: [none, { to: ["namespace"] }],
  amount: [none, { completions: 4 }, { completions: 4, parallelism: 2 }],
};

const kinds: Readonly<Record<string, SampleKind>> = {
  Config: {
    least: { data: { MODE: "strict" } },
    factors: {},
    build: (chart, props) => new Config(chart, "config", props as ConfigProps),
  },
  ...wiringKinds,
  WebService: {
    least: { image, port: 8080 },
    factors: { ...podFactors, ...served, scale, expose: [none, { nodePort: 30_080 }, "clusterSet"] },
    build: (chart, props) => new WebService(chart, "web", props as WebServiceProps),
  },
  Worker: {
    least: { image },
    factors: { ...podFactors, ...unserved, scale, spread: [none, "required"] },
    build: (chart, props) => new Worker(chart, "worker", props as WorkerProps),
  },
  Job: {
    least: { image },
    factors: { ...podFactors, ...run },
    build: (chart, props) => new Job(chart, "job", props as JobProps),
  },
  ScheduledJob: {
    least: { image, schedule: "15 3 * * 1-5" },
    factors: {
      ...podFactors,
      ...run,
      timeZone: [none, "Europe/Oslo"],
      overlap: [none, "replace", "allow"],
      lateSeconds: [none, 60],
      suspend: [none, true],
    },
    build: (chart, props) => new ScheduledJob(chart, "scheduled-job", props as ScheduledJobProps),
  },
  StatefulService: {
    least: { image, port: 5432, volumes: { data: { path: "/data", size: "10Gi" } } },
    factors: {
      ...podFactors,
      ...served,
      replicas: [none, 3],
      volumes: [
        none,
        {
          data: { path: "/data", size: "1Ti", storageClass: "fast", accessMode: "ReadWriteOncePod" },
          wal: { path: "/wal", size: "512Mi" },
          backup: { path: "/backup", volume: new VolumeRef("backup") },
        },
      ],
      retention: [none, { whenDeleted: "Delete" }, { whenScaled: "Delete" }],
    },
    build: (chart, props) => new StatefulService(chart, "stateful", props as StatefulServiceProps),
  },
  NodeAgent: {
    least: { image },
    factors: { ...podFactors, ...unserved, maxUnavailable: [none, 1, "50%"] },
    build: (chart, props) => new NodeAgent(chart, "agent", props as NodeAgentProps),
  },
  Volume: {
    least: { size: "10Gi" },
    factors: {
      storageClass: [none, "fast"],
      accessMode: [none, "ReadWriteOncePod", "ReadOnlyMany", "ReadWriteMany"],
      whenDeleted: [none, "Delete"],
    },
    build: (chart, props) => new Volume(chart, "volume", props as VolumeProps),
  },
  Tenant: {
    least: {},
    factors: {
      quota: [
        none,
        { cpu: 8, memory: "16Gi", pods: 40 },
        { ephemeralStorage: "50Gi", storage: "200Gi", volumes: 10, devices: { "nvidia.com/gpu": 2 } },
      ],
      limits: [
        none,
        { min: { cpu: "10m" }, max: { memory: "4Gi", ephemeralStorage: "8Gi" }, volume: { max: "100Gi" } },
        { standard: { cpu: "50m", memory: "64Mi", ephemeralStorage: "64Mi" } },
      ],
      podSecurity: [none, "baseline"],
      groups: [none, { view: ["a"], edit: ["b", "c"], admin: ["d"] }],
      labels: [none, { stage: "production" }],
    },
    // With a workload in it, since a policy that selects nothing is taken for a mistake.
    build: (chart, props) => {
      new Worker(chart, "tenant-worker", { image });
      const namespaces = { [chart.namespace ?? "shop"]: {} };
      return new Tenant(chart, "tenant", { namespaces, ...props });
    },
  },
};

// `scale` and `amount` stand for properties that depend on each other.
function withoutEmpty(row: Readonly<Record<string, unknown>>): object {
  const { scale: scaled, amount, ...rest } = row;
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...(scaled as object), ...(amount as object) };
}
