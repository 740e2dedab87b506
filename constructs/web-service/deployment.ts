import type { Draft } from "../core/draft.ts";
import { type Identity, versionOf } from "../core/identity.ts";
import { resourcesOf } from "../core/size.ts";
import type { Affinity, Container, Deployment, PodSpec } from "../kubernetes/types.ts";
import { digestOf, envOf } from "./env.ts";
import { probesOf } from "./probes.ts";
import type { WebServiceProps } from "./props.ts";

/** The deployment of a web service, which Pod Security *restricted* admits as it is. */
export function deploymentOf(draft: Draft, identity: Identity, props: WebServiceProps): Deployment {
  const { name, selector } = identity;
  const version = versionOf(props.image);
  const labels = {
    ...identity.labels,
    ...(version !== undefined && { "app.kubernetes.io/version": version }),
  };
  const annotations = digestOf(props.env ?? {});
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: {
      replicas: draft.fill("replicas", props.replicas, 2, "the service outlives one pod and one node"),
      selector: { matchLabels: selector },
      strategy: draft.fill(
        "deployment.spec.strategy",
        undefined,
        { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
        "a new pod is ready before an old one goes",
      ),
      template: {
        metadata: { labels, ...(annotations && { annotations }) },
        spec: podOf(draft, identity, props),
      },
    },
  };
}

function podOf(draft: Draft, identity: Identity, props: WebServiceProps): PodSpec {
  const path = "deployment.spec.template.spec";
  const shutdown = draft.fill("shutdownSeconds", props.shutdownSeconds, 25, "requests in flight may finish");
  return {
    serviceAccountName: identity.name,
    ...draft.fill(
      path,
      undefined,
      {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      },
      "Pod Security restricted; a program that needs no API gets no token",
    ),
    terminationGracePeriodSeconds: drainSeconds + shutdown,
    ...draft.fill(
      path,
      undefined,
      spread(identity),
      "pods avoid sharing a node or zone, and still run if they must",
    ),
    containers: [containerOf(draft, identity, props)],
    volumes: draft.fill(
      `${path}.volumes`,
      undefined,
      [scratch],
      "the root file system is read-only, so /tmp is one",
    ),
  };
}

function containerOf(draft: Draft, identity: Identity, props: WebServiceProps): Container {
  const { image, port, env, command, args } = props;
  const path = "deployment.spec.template.spec.containers.0";
  const size = draft.fill("size", props.size, "small" as const, "requests let the scheduler place the pods");
  return {
    name: "app",
    image,
    ...draft.fill(path, undefined, { imagePullPolicy: "IfNotPresent" }, "a tag or digest names one image"),
    ...(command && { command }),
    ...(args && { args }),
    ports: [{ name: "http", containerPort: port, protocol: "TCP" }],
    ...(env && { env: envOf(env, identity) }),
    resources: resourcesOf(size),
    ...probesOf(draft, props.health, port),
    ...draft.fill(
      path,
      undefined,
      { lifecycle: { preStop: { sleep: { seconds: drainSeconds } } } },
      "a pod leaves the load balancers before it is told to stop",
    ),
    ...draft.fill(
      path,
      undefined,
      {
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
          readOnlyRootFilesystem: true,
        },
      },
      "Pod Security restricted, and nothing of the image can be changed",
    ),
    volumeMounts: [{ name: scratch.name, mountPath: "/tmp" }],
  };
}

const drainSeconds = 5;
const scratch = { name: "tmp", emptyDir: { sizeLimit: "256Mi" } };

// Counting by template keeps the pods of the old version out of the balance while a new one rolls out.
function spread({ selector }: Identity): Pick<PodSpec, "topologySpreadConstraints"> & { affinity: Affinity } {
  const pods = { labelSelector: { matchLabels: selector }, matchLabelKeys: ["pod-template-hash"] };
  return {
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, podAffinityTerm: { topologyKey: "kubernetes.io/hostname", ...pods } },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "ScheduleAnyway",
        ...pods,
      },
    ],
  };
}
