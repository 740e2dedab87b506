import { type App, ApiObject, Chart } from "cdk8s";
import { Tenant, type TenantProps, useProfile, WebService, Worker } from "../../../constructs/index.ts";
import { soundProps } from "../constructs.ts";
import type { BadPairs } from "./between.ts";

const image = "ghcr.io/acme/app:1.4.2";

/** What is wrong between a namespace, what is in it, and what decides how much of it there is. */
export const badTenancy: BadPairs = {
  "a quota of processors below the sum of the pods": {
    code: "quota-exceeded",
    at: ["tenants/shop/shop/resourceQuota", "spec.hard.requests.cpu"],
    // Two pods and the one that an update runs beside them, of 100m each.
    bad: (app) => inTenant(app, { quota: { cpu: "299m" } }, {}),
    good: (app) => inTenant(app, { quota: { cpu: "300m" } }, {}),
  },
  "a quota of memory below the bound of an autoscaler": {
    code: "quota-exceeded",
    at: ["tenants/shop/shop/resourceQuota", "spec.hard.pods"],
    bad: (app) => inTenant(app, { quota: { pods: 9 } }, { autoscale: { max: 8 } }),
    good: (app) => inTenant(app, { quota: { pods: 10 } }, { autoscale: { max: 8 } }),
  },
  "a quota of storage below the sum of the volumes": {
    code: "quota-exceeded",
    at: ["tenants/shop/shop/resourceQuota", "spec.hard.requests.storage"],
    bad: (app) => inTenant(app, { quota: { storage: "9Gi" } }, withVolume),
    good: (app) => inTenant(app, { quota: { storage: "10Gi" } }, withVolume),
  },
  "a quota of devices below what pods take": {
    code: "quota-exceeded",
    at: ["tenants/shop/shop/resourceQuota", "spec.hard.requests.nvidia.com/gpu"],
    bad: (app) => inTenant(app, { quota: { devices: { "nvidia.com/gpu": 2 } } }, withDevice),
    good: (app) => inTenant(app, { quota: { devices: { "nvidia.com/gpu": 3 } } }, withDevice),
  },
  "a raw quota below the sum of raw pods": {
    code: "quota-exceeded",
    at: ["shop/quota", "spec.hard.limits.memory"],
    bad: (app) => rawQuota(app, "1Gi"),
    good: (app) => rawQuota(app, "2Gi"),
  },
  "a pod that says nothing of what a quota counts": {
    code: "request-missing",
    at: ["shop/deployment", "spec.template.spec.containers"],
    bad: (app) => silentPod(app, {}),
    good: (app) => silentPod(app, { requests: { cpu: "100m" } }),
  },
  "a container above the most of its tenant": {
    code: "limits-violated",
    at: ["shop/app/deployment", "spec.template.spec.containers.0.resources"],
    bad: (app) => inTenant(app, { limits: { max: { memory: "1Gi" } } }, { size: "large" }),
    good: (app) => inTenant(app, { limits: { max: { memory: "2Gi" } } }, { size: "large" }),
  },
  "a container below the least of its tenant": {
    code: "limits-violated",
    at: ["shop/app/deployment", "spec.template.spec.containers.0.resources"],
    bad: (app) =>
      inTenant(app, { limits: { min: { cpu: "100m" } } }, { size: { cpu: "50m", memory: "64Mi" } }),
    good: (app) =>
      inTenant(app, { limits: { min: { cpu: "50m" } } }, { size: { cpu: "50m", memory: "64Mi" } }),
  },
  "a request above the limit that a LimitRange fills in": {
    code: "limits-violated",
    at: ["shop/app/deployment", "spec.template.spec.containers.0.resources"],
    bad: (app) => rawLimits(app, { type: "Container", default: { cpu: "500m" } }),
    good: (app) => rawLimits(app, { type: "Container", default: { cpu: "1" } }),
  },
  "a limit that is too many times its request": {
    code: "limits-violated",
    at: ["shop/deployment", "spec.template.spec.containers.0.resources"],
    bad: (app) => ratio(app, "4"),
    good: (app) => ratio(app, "2"),
  },
  "a pod above the most of a pod": {
    code: "limits-violated",
    at: ["shop/app/deployment", "spec.template.spec"],
    bad: (app) => rawLimits(app, { type: "Pod", max: { memory: "1Gi" } }),
    good: (app) => rawLimits(app, { type: "Pod", max: { memory: "2Gi" } }),
  },
  "a volume above the most of its tenant": {
    code: "limits-violated",
    at: ["shop/app/claim-data", "spec.resources.requests.storage"],
    bad: (app) => inTenant(app, { limits: { volume: { max: "5Gi" } } }, withVolume),
    good: (app) => inTenant(app, { limits: { volume: { max: "10Gi" } } }, withVolume),
  },
  "a workload in a namespace that no tenant has": {
    code: "namespace-unknown",
    at: ["shop/claim", "metadata.namespace"],
    bad: (app) => placed(app, "shpo"),
    good: (app) => placed(app, "shop"),
  },
  "a budget that lets none of two pods go": {
    code: "disruption-blocked",
    at: ["shop/budget", "spec.minAvailable"],
    bad: (app) => budget(app, { minAvailable: 2 }, 2),
    good: (app) => budget(app, { minAvailable: 1 }, 2),
  },
  "a budget that lets no pod go that an autoscaler leaves": {
    code: "disruption-blocked",
    at: ["shop/app/podDisruptionBudget", "spec.minAvailable"],
    bad: (app) => scaledBudget(app, 2),
    good: (app) => scaledBudget(app, 3),
  },
  "two budgets for the same pods": {
    code: "disruption-blocked",
    at: ["shop/budget", "spec.selector"],
    bad: (app) => secondBudget(app, "app"),
    good: (app) => secondBudget(app, undefined),
  },
  "an autoscaler for a workload with a number of replicas": {
    code: "replicas-contended",
    at: ["shop/deployment", "spec.replicas"],
    bad: (app) => scaler(app, { replicas: 3 }),
    good: (app) => scaler(app, {}),
  },
  "an autoscaler by processors that no container asks for": {
    code: "request-missing",
    at: ["shop/deployment", "spec.template.spec.containers"],
    bad: (app) => scaler(app, {}, { limits: { memory: "1Gi" } }),
    good: (app) => scaler(app, {}),
  },
  "an autoscaler for a workload that there is not": {
    code: "target-missing",
    at: ["shop/scaler", "spec.scaleTargetRef.name"],
    bad: (app) => scaler(app, {}, undefined, "other"),
    good: (app) => scaler(app, {}),
  },
  "a service with an address under a StatefulSet": {
    code: "service-not-headless",
    at: ["shop/set", "spec.serviceName"],
    bad: (app) => statefulSet(app, {}),
    good: (app) => statefulSet(app, { clusterIP: "None" }),
  },
  "a StatefulSet without its service": {
    code: "target-missing",
    at: ["shop/set", "spec.serviceName"],
    bad: (app) => statefulSet(app, undefined),
    good: (app) => statefulSet(app, { clusterIP: "None" }),
  },
  "a pod that is larger than any node": {
    code: "pod-fits-nowhere",
    at: ["shop/app/deployment", "spec.template.spec"],
    bad: (app) => onNodes(app, { cpu: 4, memory: "16Gi" }, { size: { cpu: 5, memory: "1Gi" } }),
    good: (app) => onNodes(app, { cpu: 6, memory: "16Gi" }, { size: { cpu: 5, memory: "1Gi" } }),
  },
  "a pod for devices that no node has": {
    code: "pod-fits-nowhere",
    at: ["shop/app/deployment", "spec.template.spec"],
    bad: (app) => onNodes(app, { cpu: 4, memory: "16Gi" }, withDevice),
    good: (app) => onNodes(app, { cpu: 4, memory: "16Gi", devices: { "nvidia.com/gpu": 1 } }, withDevice),
  },
  "a pod for nodes with a label that none has": {
    code: "pod-fits-nowhere",
    at: ["shop/app/deployment", "spec.template.spec"],
    bad: (app) => onNodes(app, { cpu: 4, memory: "16Gi" }, { nodes: { labels: { disk: "ssd" } } }),
    good: (app) =>
      onNodes(
        app,
        { cpu: 4, memory: "16Gi", labels: { disk: "ssd" } },
        { nodes: { labels: { disk: "ssd" } } },
      ),
  },
  "a pod that tolerates no node's taint": {
    code: "pod-fits-nowhere",
    at: ["shop/app/deployment", "spec.template.spec"],
    bad: (app) => onNodes(app, tainted, {}),
    good: (app) => onNodes(app, tainted, { nodes: { tolerate: [{ key: "gpu", operator: "Exists" }] } }),
  },
};

const tainted = { cpu: 4, memory: "16Gi", taints: [{ key: "gpu", effect: "NoSchedule" }] } as const;
const withVolume = {
  volumes: { data: { path: "/data", size: "10Gi", accessMode: "ReadWriteMany" } },
} as const;
const withDevice = { size: { cpu: 1, memory: "1Gi", devices: { "nvidia.com/gpu": 1 } } } as const;

function shop(app: App, namespace = "shop"): Chart {
  return new Chart(app, "shop", { namespace });
}

function inTenant(app: App, tenant: TenantProps, props: object): App {
  new Tenant(new Chart(app, "tenants"), "shop", tenant);
  new Worker(shop(app), "app", { image, ...props });
  return app;
}

function onNodes(app: App, pool: object, props: object): App {
  useProfile(app, { kubernetes: "1.35", nodes: { general: { count: 3, cpu: 4, memory: "16Gi", ...pool } } });
  new Worker(shop(app), "app", { image, ...props });
  return app;
}

function raw(
  chart: Chart,
  id: string,
  manifest: { readonly kind: string; readonly [field: string]: unknown },
): void {
  const metadata = { name: "raw", ...(manifest["metadata"] as object | undefined) };
  new ApiObject(chart, id, { apiVersion: "v1", ...manifest, metadata });
}

const labels = { app: "raw" };

function deployment(chart: Chart, spec: object, resources: object = {}): void {
  const containers = [{ name: "raw", image, resources }];
  const template = { metadata: { labels }, spec: { containers } };
  raw(chart, "deployment", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    spec: { selector: { matchLabels: labels }, template, ...spec },
  });
}

function rawQuota(app: App, memory: string): App {
  const chart = shop(app);
  raw(chart, "quota", { kind: "ResourceQuota", spec: { hard: { "limits.memory": memory } } });
  deployment(chart, { replicas: 1 }, { limits: { memory: "1Gi" } });
  return app;
}

function silentPod(app: App, resources: object): App {
  const chart = shop(app);
  raw(chart, "quota", { kind: "ResourceQuota", spec: { hard: { "requests.cpu": "4" } } });
  deployment(chart, {}, resources);
  return app;
}

function rawLimits(app: App, item: object): App {
  const chart = shop(app);
  raw(chart, "limits", { kind: "LimitRange", spec: { limits: [item] } });
  new Worker(chart, "app", { image, size: "large" });
  return app;
}

function ratio(app: App, limit: string): App {
  const chart = shop(app);
  const item = { type: "Container", maxLimitRequestRatio: { cpu: "2" } };
  raw(chart, "limits", { kind: "LimitRange", spec: { limits: [item] } });
  deployment(chart, {}, { requests: { cpu: "1" }, limits: { cpu: limit } });
  return app;
}

function placed(app: App, namespace: string): App {
  new Tenant(new Chart(app, "tenants"), "shop");
  raw(shop(app, namespace), "claim", { kind: "ConfigMap" });
  return app;
}

function budget(app: App, spec: object, replicas: number): App {
  const chart = shop(app);
  deployment(chart, { replicas });
  raw(chart, "budget", {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    spec: { selector: { matchLabels: labels }, ...spec },
  });
  return app;
}

function scaledBudget(app: App, min: number): App {
  const spec = { maxUnavailable: null, minAvailable: 2 };
  new WebService(shop(app), "app", {
    ...soundProps,
    autoscale: { min, max: 9 },
    patch: { podDisruptionBudget: { spec } },
  });
  return app;
}

function secondBudget(app: App, name: string | undefined): App {
  const chart = shop(app);
  new WebService(chart, "app", soundProps);
  deployment(chart, { replicas: 2 });
  const matchLabels = name === undefined ? labels : { "app.kubernetes.io/name": name };
  raw(chart, "budget", {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    spec: { maxUnavailable: 1, selector: { matchLabels } },
  });
  return app;
}

function scaler(app: App, spec: object, resources: object = { requests: { cpu: "1" } }, name = "raw"): App {
  const chart = shop(app);
  deployment(chart, spec, resources);
  const target = { type: "Utilization", averageUtilization: 75 };
  raw(chart, "scaler", {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      maxReplicas: 6,
      metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
    },
  });
  return app;
}

function statefulSet(app: App, service: object | undefined): App {
  const chart = shop(app);
  const template = { metadata: { labels }, spec: { containers: [{ name: "raw", image }] } };
  raw(chart, "set", {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    spec: { serviceName: "peers", selector: { matchLabels: labels }, template },
  });
  if (service === undefined) return app;
  raw(chart, "peers", {
    kind: "Service",
    metadata: { name: "peers" },
    spec: { selector: labels, ports: [{ port: 80 }], ...service },
  });
  return app;
}
