import { App, Chart } from "cdk8s";
import {
  Config,
  Job,
  NodeAgent,
  RawObject,
  ScheduledJob,
  StatefulService,
  WebService,
  Worker,
} from "../../constructs/index.ts";
import type { KubeObject } from "../../kube/object.ts";

/** The namespace of the samples. */
export const samplesNamespace = "samples";

/** Ports of the nodes by the samples that answer there. */
export const samplePorts = { web: 30_171, client: 30_172, stranger: 30_173, confined: 30_174 } as const;

const program = { image: "keelson.dev/example:1", size: { cpu: "20m", memory: "32Mi" } } as const;
const served = { ...program, port: 8080, health: { ready: "/readyz", live: "/healthz" } } as const;

/** A sample of each kind, in a namespace that admits nothing but Pod Security's restricted level. */
export function samples(message: string): readonly KubeObject[] {
  const chart = new Chart(new App(), "samples", { namespace: samplesNamespace });
  namespaceOf(chart);
  const settings = new Config(chart, "settings", { data: { MESSAGE: message } });
  const store = new StatefulService(chart, "store", {
    ...served,
    replicas: 2,
    env: { DATA: "/data" },
    volumes: { data: { path: "/data", size: "64Mi" } },
  });
  const keeps = { uses: { store: { service: store, scheme: "http" } } } as const;
  new WebService(chart, "web", {
    ...served,
    replicas: 3,
    env: { MESSAGE: settings.value("MESSAGE") },
    expose: { nodePort: samplePorts.web },
  });
  const inner = new WebService(chart, "inner", {
    ...served,
    env: { NAME: "inner" },
    access: { from: ["cluster"] },
  });
  callers(chart, inner);
  new Worker(chart, "worker", { ...program, ...keeps, env: { RUN: "loop", NAME: "worker" } });
  new Job(chart, "job", { ...program, ...keeps, env: { RUN: "once", NAME: "job" } });
  new ScheduledJob(chart, "scheduled-job", {
    ...program,
    ...keeps,
    schedule: "* * * * *",
    env: { RUN: "once", NAME: "scheduled" },
  });
  new NodeAgent(chart, "agent", { ...program, env: { RUN: "loop", NAME: "agent" } });
  return chart.toJson() as readonly KubeObject[];
}

/**
 * Three programs that call two others: "inner" lets anyone of the cluster in, "secret" lets in whoever says that it
 * uses it. The first one does, the second calls without having said so, the third may call nobody.
 */
function callers(chart: Chart, inner: WebService): void {
  const secret = new WebService(chart, "secret", { ...served, env: { NAME: "secret" } });
  const expose = (name: "client" | "stranger" | "confined"): object => ({
    expose: { nodePort: samplePorts[name] },
  });
  const env = {
    INNER_URL: `http://inner.${samplesNamespace}`,
    SECRET_URL: `http://secret.${samplesNamespace}`,
  };
  new WebService(chart, "client", { ...served, ...expose("client"), uses: { inner, secret } });
  new WebService(chart, "stranger", { ...served, ...expose("stranger"), env });
  new WebService(chart, "confined", { ...served, ...expose("confined"), env, access: { to: [] } });
}

function namespaceOf(chart: Chart): void {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  new RawObject(chart, "namespace", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: samplesNamespace, labels },
  });
}

/** The default StorageClass, and volumes for it in folders of the nodes. */
export function nodeVolumes(folders: Readonly<Record<string, readonly string[]>>): readonly KubeObject[] {
  const storageClass = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "local", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
  };
  const volumes = Object.entries(folders).flatMap(([node, paths]) =>
    paths.map((path, index) => volumeOf(`${node}-${index}`, node, path)),
  );
  return [storageClass, ...volumes];
}

function volumeOf(name: string, node: string, path: string): KubeObject {
  const onNode = { key: "kubernetes.io/hostname", operator: "In", values: [node] };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "local",
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
    },
  };
}
