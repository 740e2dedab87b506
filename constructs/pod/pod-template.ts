import type { Draft } from "../core/draft.ts";
import { type Identity, versionOf } from "../core/identity.ts";
import type { Container, PodSpec, PodTemplateSpec, Volume, VolumeMount } from "../kubernetes/types.ts";
import type { ConfigSource } from "../config/source.ts";
import { containerOf, type ContainerPlan } from "./container.ts";
import { digestOf } from "./env.ts";
import { type Ports, probesOf } from "./probes.ts";
import type { PodProps, SideContainer, Spread } from "./props.ts";
import { claimVolumesOf, mountsOf } from "../volume/mounts.ts";
import { nodesOf, spreadOf } from "./scheduling.ts";

/** What a kind of workload decides about its pods. */
export interface PodPlan {
  readonly draft: Draft;
  readonly identity: Identity;
  /** The path of the pod's spec in the object, `deployment.spec.template.spec` for example. */
  readonly path: string;
  /** The ports of the program by name, the main one first. */
  readonly ports: Ports;
  /** Annotations of the pods, beside the digests of what they read. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The probes of the program. */
  readonly probes: Pick<Container, "readinessProbe" | "livenessProbe" | "startupProbe">;
  /** True if the pods leave load balancers before they are told to stop. */
  readonly drains: boolean;
  /** How pods keep apart; undefined for pods that have their places given. */
  readonly spread?: { readonly given: Spread | undefined; readonly countBy: readonly string[] };
  /** What else of the pod's spec this kind of workload wants. */
  readonly extra?: Partial<PodSpec>;
  /** True if a StatefulSet makes the claims of the pods' own volumes. @default false */
  readonly isStateful?: boolean;
}

/** Labels of pods and their controller; the version is the image's tag. */
export function podLabels({ labels }: Identity, { image }: PodProps): Readonly<Record<string, string>> {
  const version = versionOf(image);
  return { ...labels, ...(version !== undefined && { "app.kubernetes.io/version": version }) };
}

/** The template of all workloads' pods, which Pod Security *restricted* admits as it is. */
export function podTemplateOf(plan: PodPlan, props: PodProps): PodTemplateSpec {
  const annotations = { ...plan.annotations, ...digestOf(props) };
  const hasAny = Object.keys(annotations).length > 0;
  return {
    metadata: { labels: podLabels(plan.identity, props), ...(hasAny && { annotations }) },
    spec: podOf(plan, props),
  };
}

function podOf(plan: PodPlan, props: PodProps): PodSpec {
  const { draft, identity, path } = plan;
  const shutdown = draft.fill("shutdownSeconds", props.shutdownSeconds, 25, "work in flight may be finished");
  const shared = sharedVolumes(props);
  const starters = [
    ...sideContainers(plan, props, "sidecars").map((each) => ({ ...each, restartPolicy: "Always" })),
    ...sideContainers(plan, props, "init"),
  ];
  return {
    serviceAccountName: identity.name,
    ...securityOf(plan, mountsOf(props).length > 0),
    terminationGracePeriodSeconds: shutdown + (plan.drains ? drainSeconds : 0),
    ...placesOf(plan),
    ...(props.priority !== undefined && { priorityClassName: props.priority }),
    ...nodesOf(props.nodes ?? {}),
    ...(starters.length > 0 && { initContainers: starters }),
    containers: [program(plan, props), ...sideContainers(plan, props, "containers")],
    volumes: [
      ...draft.fill(
        `${path}.volumes`,
        undefined,
        [scratchVolume("tmp"), ...scratchNames(props).map(scratchVolume)],
        "the root file system is read-only, so /tmp is one",
      ),
      ...shared.map(({ name }) => scratchVolume(name)),
      ...fileVolumes(props),
      ...claimVolumesOf(identity.name, props, plan.isStateful ?? false),
    ],
    ...plan.extra,
  };
}

function securityOf({ draft, path }: PodPlan, hasVolumes: boolean): Partial<PodSpec> {
  const standard = draft.fill(
    path,
    undefined,
    {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    } as const,
    "Pod Security restricted; a program that needs no API gets no token",
  );
  if (!hasVolumes) return standard;
  const group = draft.fill(
    `${path}.securityContext`,
    undefined,
    { fsGroup: 10_001, fsGroupChangePolicy: "OnRootMismatch" } as const,
    "the program may write to its volumes, whatever its user",
  );
  return { ...standard, securityContext: { ...standard.securityContext, ...group } };
}

function placesOf({ draft, identity, path, spread }: PodPlan): Partial<PodSpec> {
  if (spread === undefined) return {};
  if (spread.given !== undefined) return spreadOf(spread.given, identity.selector, spread.countBy);
  const standard = spreadOf("preferred", identity.selector, spread.countBy);
  return draft.fill(
    path,
    undefined,
    standard,
    "pods avoid sharing a node or zone, and still run if they must",
  );
}

function program(plan: PodPlan, props: PodProps): Container {
  const path = `${plan.path}.containers.0`;
  const name = "app";
  const mounts = [{ name: "tmp", mountPath: "/tmp" }, ...sharedMounts(props), ...mountsOf(props)];
  const { draft, identity, ports } = plan;
  const own: ContainerPlan = { draft, identity, ports, property: "", path, name, mounts };
  const leave = { lifecycle: { preStop: { sleep: { seconds: drainSeconds } } } };
  return {
    ...containerOf(own, props),
    ...plan.probes,
    ...(plan.drains &&
      draft.fill(path, undefined, leave, "a pod leaves the load balancers before it is told to stop")),
  };
}

type Group = "sidecars" | "init" | "containers";

function sideContainers(plan: PodPlan, props: PodProps, group: Group): readonly Container[] {
  const entries: readonly (readonly [string, SideContainer])[] = Object.entries(props[group] ?? {});
  return entries.map(([name, side]) => {
    const property = `${group}.${name}`;
    const ports = side.ports ?? {};
    const { draft, identity } = plan;
    const mounts = [{ name: `tmp-${name}`, mountPath: "/tmp" }, ...sharedMounts(props)];
    const path = `${plan.path}.${group === "containers" ? "containers" : "initContainers"}.${name}`;
    const probes = side.health && probesOf(draft, `${property}.health`, side.health, ports);
    return { ...containerOf({ draft, identity, property, path, name, ports, mounts }, side), ...probes };
  });
}

const drainSeconds = 5;

function fileVolumes({ files = {} }: PodProps): readonly Volume[] {
  return Object.values(files).map(({ kind, objectName }, index) => ({
    name: `files-${index}`,
    ...volumeOf[kind](objectName),
  }));
}

const volumeOf: Readonly<Record<ConfigSource["kind"], (name: string) => Omit<Volume, "name">>> = {
  configMap: (name) => ({ configMap: { name } }),
  secret: (secretName) => ({ secret: { secretName } }),
  csi: (secretProviderClass) => ({
    csi: { driver: "secrets-store.csi.k8s.io", readOnly: true, volumeAttributes: { secretProviderClass } },
  }),
};

function scratchNames({ init, sidecars, containers }: PodProps): readonly string[] {
  return [sidecars, init, containers].flatMap((group) =>
    Object.keys(group ?? {}).map((name) => `tmp-${name}`),
  );
}

function scratchVolume(name: string): Volume {
  return { name, emptyDir: { sizeLimit: "256Mi" } };
}

function sharedVolumes({ shared = [] }: PodProps): readonly { name: string; path: string }[] {
  return shared.map((path, index) => ({ name: `shared-${index}`, path }));
}

function sharedMounts(props: PodProps): readonly VolumeMount[] {
  const files = Object.keys(props.files ?? {}).map((path, index) => ({
    name: `files-${index}`,
    mountPath: path,
    readOnly: true,
  }));
  return [...sharedVolumes(props).map(({ name, path }) => ({ name, mountPath: path })), ...files];
}
