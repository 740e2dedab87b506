import { App, Chart } from "cdk8s";
import {
  Config,
  GrpcRoute,
  Job,
  NodeAgent,
  RawObject,
  Route,
  ScheduledJob,
  StatefulService,
  Tenant,
  useProfile,
  Volume,
  WebService,
  Worker,
} from "../../constructs/index.ts";
import type { KubeObject } from "../../kube/object.ts";
import { gateway } from "./app-gateway.ts";

/** The namespace of the samples. */
export const samplesNamespace = "samples";

/** Another namespace of their tenant. */
export const farNamespace = "samples-far";

/** The group of people that may change what is in the tenant's namespaces. */
export const developers = "samples-developers";

/** Ports of the nodes by the samples that answer there. */
export const samplePorts = { web: 30_171, client: 30_172, stranger: 30_173, confined: 30_174 } as const;

const program = { image: "keelson.dev/example:1", size: { cpu: "20m", memory: "32Mi" } } as const;
const served = { ...program, port: 8080, health: { ready: "/readyz", live: "/healthz" } } as const;

/** A sample of each kind, in namespaces of a tenant that admit nothing but Pod Security's restricted level. */
export function samples(message: string): readonly KubeObject[] {
  const app = new App();
  useProfile(app, { kubernetes: "1.35", gateway });
  tenant(new Chart(app, "tenants"));
  const chart = new Chart(app, "samples", { namespace: samplesNamespace });
  const settings = new Config(chart, "settings", { data: { MESSAGE: message } });
  const store = new StatefulService(chart, "store", {
    ...served,
    replicas: 2,
    env: { DATA: "/data" },
    volumes: { data: { path: "/data", size: "64Mi" } },
  });
  const keeps = { uses: { store: { service: store, scheme: "http" } } } as const;
  const web = new WebService(chart, "web", {
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
  const secret = callers(chart, inner);
  bare(chart);
  routes(chart, { web, secret, keeper: keeper(chart) });
  new Worker(chart, "worker", { ...program, ...keeps, env: { RUN: "loop", NAME: "worker" } });
  new Job(chart, "job", { ...program, ...keeps, env: { RUN: "once", NAME: "job" } });
  new ScheduledJob(chart, "scheduled-job", {
    ...program,
    ...keeps,
    schedule: "* * * * *",
    env: { RUN: "once", NAME: "scheduled" },
  });
  new NodeAgent(chart, "agent", { ...program, env: { RUN: "loop", NAME: "agent" } });
  return app.charts.flatMap((each) => each.toJson() as readonly KubeObject[]);
}

function tenant(chart: Chart): void {
  new Tenant(chart, "samples", {
    namespaces: { [samplesNamespace]: {}, [farNamespace]: { quota: { pods: 4 } } },
    quota: { cpu: 4, memory: "8Gi", pods: 60, storage: "10Gi", volumes: 8 },
    limits: { max: { memory: "1Gi" } },
    groups: { edit: [developers] },
  });
}

/** A program that keeps its entries in a volume that stands for itself. */
function keeper(chart: Chart): WebService {
  const volume = new Volume(chart, "kept", { size: "64Mi" });
  return new WebService(chart, "keeper", {
    ...served,
    replicas: 1,
    env: { NAME: "keeper", DATA: "/data" },
    volumes: { data: { path: "/data", volume } },
    allow: [{ code: "single-replica", reason: "its volume is on one node" }],
  });
}

/** Ways in from outside: by host, path and header, to another namespace too. */
function routes(
  chart: Chart,
  { web, secret, keeper: kept }: Readonly<Record<"web" | "secret" | "keeper", WebService>>,
): void {
  const far = new Chart(App.of(chart), "far", { namespace: farNamespace });
  const other = new WebService(far, "far", { ...served, env: { NAME: "far" } });
  new Route(chart, "shop", {
    host: "shop.example.com",
    rules: [
      { path: "/entries", to: kept },
      { path: { exact: "/" }, headers: { "x-tester": "yes" }, to: secret },
      { to: web },
    ],
  });
  new Route(chart, "far-away", { host: "far.example.com", to: other });
  new GrpcRoute(chart, "calls", { host: "grpc.example.com", rules: [{ service: "acme.Cart", to: web }] });
}

/** Pods that say nothing but what Pod Security wants, with a Service: nobody opens a way to them, and they get the tenant's amounts. */
function bare(chart: Chart): void {
  const labels = { app: "bare" };
  const securityContext = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" as const },
  };
  new RawObject(chart, "bare", {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "bare" },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "app", image: program.image, securityContext }] },
      },
    },
  });
  new RawObject(chart, "bare-service", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "bare" },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  });
}

/**
 * Three programs that call two others: "inner" lets anyone of the cluster in, "secret" lets in whoever says that it
 * uses it. The first one does, the second calls without having said so, the third may call nobody.
 */
function callers(chart: Chart, inner: WebService): WebService {
  const secret = new WebService(chart, "secret", { ...served, env: { NAME: "secret" } });
  const expose = (name: "client" | "stranger" | "confined"): object => ({
    expose: { nodePort: samplePorts[name] },
  });
  const env = {
    INNER_URL: `http://inner.${samplesNamespace}`,
    SECRET_URL: `http://secret.${samplesNamespace}`,
    BARE_URL: `http://bare.${samplesNamespace}`,
  };
  new WebService(chart, "client", { ...served, ...expose("client"), uses: { inner, secret } });
  new WebService(chart, "stranger", { ...served, ...expose("stranger"), env });
  new WebService(chart, "confined", { ...served, ...expose("confined"), env, access: { to: [] } });
  return secret;
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
