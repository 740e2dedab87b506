import type { KubeObject } from "../../kube/object.ts";

const perKind = 40;

/** For each field, the values that it may have; undefined leaves it out. */
type Choices = Readonly<Record<string, readonly unknown[]>>;

interface Family {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: Choices;
  readonly spec?: Choices;
  readonly status?: Choices;
}

/** Objects of every kind with rules of its own and of some without, in many states; the same ones every time. */
export function statusCorpus(): readonly KubeObject[] {
  return families.flatMap((family, index) => {
    const random = numbers(index + 1);
    return Array.from({ length: perKind }, (_, at) => sample(family, at, random));
  });
}

const none = undefined;
const counts = [none, 0, 2, 3, 3, 3, 3, 4];
const generations: Choices = { generation: [1, 3, 3, 3, 3, 3, none] };
const observed = [3, 3, 3, 3, 3, 3, 2, none];

function condition(type: string, status: string, reason = ""): object {
  return { type, status, reason, message: `${type} ${reason}`.trim() };
}

const standard = [
  none,
  [],
  [condition("Reconciling", "True")],
  [condition("Stalled", "True", "Broken")],
  [condition("Ready", "True")],
  [condition("Ready", "False", "Waiting")],
  [condition("Ready", "Unknown")],
  [condition("Ready", "maybe"), condition("Ready", "True")],
  [condition("Reconciling", "False"), condition("Stalled", "False"), condition("Ready", "True")],
];

const available = condition("Available", "True");
const newSet = condition("Progressing", "True", "NewReplicaSetAvailable");

const families: readonly Family[] = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: generations,
    spec: { replicas: [none, 0, 3, 3, 3, 3], progressDeadlineSeconds: [none, 600, 600, 600, 2147483647] },
    status: {
      observedGeneration: observed,
      replicas: counts,
      updatedReplicas: counts,
      readyReplicas: counts,
      availableReplicas: counts,
      conditions: [
        none,
        [available],
        [available, newSet],
        [available, newSet],
        [available, newSet],
        [newSet],
        [available, condition("Progressing", "True", "ReplicaSetUpdated")],
        [available, condition("Progressing", "False", "ProgressDeadlineExceeded")],
        [condition("Available", "False"), newSet],
      ],
    },
  },
  {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: generations,
    spec: {
      replicas: [none, 0, 3, 3, 3],
      updateStrategy: [
        none,
        none,
        { type: "OnDelete" },
        { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
        { type: "RollingUpdate", rollingUpdate: { partition: 2 } },
      ],
    },
    status: {
      observedGeneration: observed,
      replicas: counts,
      readyReplicas: counts,
      currentReplicas: counts,
      updatedReplicas: counts,
      currentRevision: ["a", "a", "a", none],
      updateRevision: ["a", "a", "a", "b"],
    },
  },
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: generations,
    status: {
      observedGeneration: observed,
      desiredNumberScheduled: [none, 0, 3, 3, 3],
      currentNumberScheduled: counts,
      updatedNumberScheduled: counts,
      numberAvailable: counts,
      numberReady: counts,
    },
  },
  {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: generations,
    spec: { replicas: [none, 0, 3, 3, 3] },
    status: {
      observedGeneration: observed,
      replicas: counts,
      readyReplicas: counts,
      availableReplicas: counts,
      fullyLabeledReplicas: counts,
      conditions: [none, [], [condition("ReplicaFailure", "True")], [condition("ReplicaFailure", "False")]],
    },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      creationTimestamp: ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"],
      deletionTimestamp: [none, none, none, none, "2026-01-01T00:00:00Z"],
    },
    status: {
      phase: [none, "Pending", "Pending", "Running", "Running", "Running", "Succeeded", "Failed", "Odd"],
      conditions: [
        none,
        [condition("Ready", "True")],
        [condition("Ready", "False")],
        [condition("PodScheduled", "False", "Unschedulable")],
        [condition("PodScheduled", "False", "Other")],
        [condition("PodScheduled", "True", "Unschedulable")],
      ],
      containerStatuses: [
        none,
        [],
        [{ name: "a", state: { waiting: { reason: "CrashLoopBackOff" } } }],
        [
          { name: "a", state: { running: {} } },
          { name: "b", state: { waiting: { reason: "Other" } } },
        ],
      ],
    },
  },
  {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: generations,
    spec: { suspend: [none, true, false], completions: [none, 1, 3] },
    status: {
      startTime: [none, "2026-01-01T00:00:00Z"],
      succeeded: counts,
      conditions: [
        none,
        [condition("Complete", "True")],
        [condition("Failed", "True")],
        [condition("Suspended", "True")],
        [condition("Complete", "False"), condition("Failed", "True")],
      ],
    },
  },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    status: {
      conditions: [
        none,
        [condition("NamesAccepted", "True")],
        [condition("NamesAccepted", "False", "Conflict")],
        [condition("NamesAccepted", "True"), condition("Established", "True")],
        [condition("Established", "False", "Installing")],
        [condition("Established", "False", "Broken")],
      ],
    },
  },
  {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: generations,
    status: { phase: [none, "Bound", "Pending", "Lost"], conditions: standard },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    spec: {
      type: [none, "ClusterIP", "LoadBalancer", "LoadBalancer", "NodePort"],
      clusterIP: [none, "10.0.0.1", ""],
    },
    status: { loadBalancer: [{}, { ingress: [{ ip: "10.0.0.2" }] }], conditions: standard },
  },
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: generations,
    status: { observedGeneration: observed, disruptionsAllowed: counts, conditions: standard },
  },
  {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: generations,
    spec: { suspend: [none, true] },
    status: { lastScheduleTime: [none, "2026-01-01T00:00:00Z"], conditions: standard },
  },
  { apiVersion: "v1", kind: "ConfigMap", status: { conditions: standard } },
  {
    apiVersion: "example.org/v1",
    kind: "Widget",
    metadata: { ...generations, deletionTimestamp: [none, none, none, "2026-01-01T00:00:00Z"] },
    status: { observedGeneration: observed, conditions: [...standard, "odd"] },
  },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: generations,
    status: { observedGeneration: observed, conditions: standard, loadBalancer: [{}] },
  },
];

function sample(
  { apiVersion, kind, metadata, spec, status }: Family,
  at: number,
  random: () => number,
): KubeObject {
  const choose = (choices: Choices = {}): object =>
    Object.fromEntries(
      Object.entries(choices)
        .map(([name, values]) => [name, values[random() % values.length]] as const)
        .filter(([, value]) => value !== undefined),
    );
  const chosen = { name: `sample-${at}`, namespace: "shop", ...choose(metadata) };
  return { apiVersion, kind, metadata: chosen, spec: choose(spec), status: choose(status) };
}

/** Numbers that look random and are the same every time (Numerical Recipes' generator). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}
