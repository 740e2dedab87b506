import * as pulumi from "@pulumi/pulumi";
import type { FleetLock } from "../../clusters/lock/lock.ts";
import type { Waves } from "../../clusters/waves/waves.ts";
import { dependsOnAnnotation } from "../../delivery/order.ts";
import type { Adoption, DriftRule, IgnoredField, Inventory, KubeObject } from "../../delivery/index.ts";
import { accessRecord, openReleases } from "../engine/releases.ts";
import { serviceAddress, type Services, type ServiceSpec } from "../objects/addresses.ts";
import { keptOf } from "../objects/keep.ts";
import type { LateValues } from "../objects/late-values.ts";
import type { OrderedObject, Plan } from "../objects/order.ts";
import { withoutSourcePositions } from "../source-positions.ts";
import { AppliedSet, type AppliedSetArgs } from "./applied-set.ts";
import type { Cluster } from "./cluster.ts";

/** What the "set" engine can do beside applying. */
export interface SetOptions {
  /**
   * Where rendered objects are kept: `file:///path`, or `s3://bucket/prefix?region=…&endpoint=…`.
   * @default - KEELSON_STORE, or a folder of this computer
   */
  readonly store?: string;
  /**
   * The fleet's lock, or the path of its file: it decides which release runs where, and a cluster that it does not name
   * does not get the app. What the program renders is offered to `keelson fleet up`.
   * @default - every cluster gets what the program renders
   */
  readonly lock?: string | FleetLock;
  /** How `keelson fleet up` takes a release through the clusters; needs a lock. @default - `safeWaves()` */
  readonly rollout?: Waves;
  /** Whether objects are taken over that are there already and were not applied from here. @default "ifNoDiff" */
  readonly adopt?: Adoption;
  /** What becomes of objects that somebody changed since they were applied. @default "correct" */
  readonly drift?: DriftRule;
  /** Whether to take over fields that other managers own with other values. @default false */
  readonly force?: boolean;
  /** Fields that somebody else decides on. @default - the replicas of what an autoscaler scales */
  readonly ignore?: readonly IgnoredField[];
  /** Whether a new release may delete Namespaces, definitions and volumes that it does not have any more. @default false */
  readonly allowRemoval?: boolean;
}

/** An app as it was rendered for one cluster. */
export interface RenderedSet {
  readonly workload: string;
  readonly namespace: string;
  readonly cluster: Cluster;
  readonly plan: Plan<OrderedObject>;
  readonly late: LateValues;
}

/** What is known of a set once it is registered. */
export interface RegisteredSet {
  readonly services: Services;
  /** What the program would have the cluster run. */
  readonly offer: pulumi.Output<Offer>;
}

/** A release that a program has rendered for a cluster. */
export interface Offer {
  readonly release: string;
  readonly clusterId: string;
  readonly inventory: Inventory;
}

/** Keeps what was rendered in the release store, and registers the app on its cluster as one resource. */
export function registerSet(
  rendered: RenderedSet,
  { store, releases, options, parent, patience }: SetRegistration,
): RegisteredSet {
  const { workload, namespace, cluster, plan, late } = rendered;
  const objects = markObjects(plan);
  const digest = pulumi
    .output(late.fill(objects) as object)
    .apply(async (filled: object) => (await openReleases(store)).put(filled as readonly KubeObject[]));
  // The digest is one of encrypted values.
  const release = pulumi.unsecret(digest);
  const clusterId = knownCluster(cluster, store);
  const inventory = { name: `keelson-${workload}`, namespace };
  const offer = pulumi.all([release, clusterId]).apply(([digest, id]) => ({
    release: digest,
    clusterId: id,
    inventory,
  }));
  const wanted = releases === undefined ? release : releases[cluster.name];
  if (wanted === undefined) return { services: {}, offer };
  const isDeletedWith = cluster.deletedWith !== undefined && !objects.some(outlivesCluster);
  const set = withoutSourcePositions(
    () =>
      new AppliedSet(
        `${cluster.name}/${workload}`,
        { cluster: cluster.name, clusterId, store, release: wanted, inventory, ...rulesOf(options) },
        { parent, ...patience, ...(isDeletedWith && { deletedWith: cluster.deletedWith }) },
      ),
  );
  return { services: servicesOf(objects, set, cluster), offer };
}

/** What is the same for all clusters of a workload. */
export interface SetRegistration {
  readonly store: string;
  /** Digests by cluster, as the lock has them. Undefined without a lock. */
  readonly releases: Readonly<Record<string, string>> | undefined;
  readonly options: SetOptions;
  readonly parent: pulumi.Resource;
  /** How long a run may take for each cluster. */
  readonly patience: Pick<pulumi.CustomResourceOptions, "customTimeouts">;
}

/** What costs money outside of the cluster is taken away by the cluster, so it must go while the cluster lives. */
export function outlivesCluster(object: OrderedObject): boolean {
  if (object.kind === "PersistentVolumeClaim") return true;
  const { spec } = object as { readonly spec?: { readonly type?: unknown } };
  return object.kind === "Service" && spec?.type === "LoadBalancer";
}

function rulesOf({ adopt, drift, force, ignore, allowRemoval }: SetOptions): Partial<AppliedSetArgs> {
  return {
    ...(adopt !== undefined && { adopt }),
    ...(drift !== undefined && { drift }),
    ...(force !== undefined && { force }),
    ...(ignore !== undefined && { ignore }),
    ...(allowRemoval !== undefined && { allowRemoval }),
  };
}

/** The order that the program asks for, and what is to stay, as delivery reads it: in annotations. */
function markObjects({ objects, asked }: Plan<OrderedObject>): readonly OrderedObject[] {
  const isKept = keptOf(objects);
  return objects.map((object, index) => {
    const before = (asked[index] ?? []).flatMap((other) => objects[other] ?? []).map(referenceOf);
    const marks = {
      ...(before.length > 0 && { [dependsOnAnnotation]: before.join(",") }),
      ...(isKept(object) && { "client.lifecycle.config.k8s.io/deletion": "detach" }),
    };
    if (Object.keys(marks).length === 0) return object;
    const { annotations } = object.metadata as { readonly annotations?: object };
    return { ...object, metadata: { ...object.metadata, annotations: { ...marks, ...annotations } } };
  });
}

function referenceOf({ apiVersion, kind, metadata: { name, namespace } }: OrderedObject): string {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return namespace === undefined
    ? `${group}/${kind}/${name}`
    : `${group}/namespaces/${namespace}/${kind}/${name}`;
}

const known = new WeakMap<Cluster, Map<string, pulumi.Output<string>>>();

/** The id of a cluster, once the store knows how to reach it: the provider finds the kubeconfig there, never in its state. */
function knownCluster(cluster: Cluster, store: string): pulumi.Output<string> {
  const stores = known.get(cluster) ?? new Map<string, pulumi.Output<string>>();
  known.set(cluster, stores);
  const written =
    stores.get(store) ??
    pulumi.unsecret(
      pulumi.all([cluster.clusterId, cluster.kubeconfig]).apply(async ([id, kubeconfig]) => {
        await (await openReleases(store)).writeRecord(accessRecord(id), { name: cluster.name, kubeconfig });
        return id;
      }),
    );
  stores.set(store, written);
  return written;
}

function servicesOf(objects: readonly OrderedObject[], set: AppliedSet, cluster: Cluster): Services {
  const services = objects.filter(({ apiVersion, kind }) => apiVersion === "v1" && kind === "Service");
  return Object.fromEntries(
    services.map((object) => {
      const { name } = object.metadata;
      const spec = set.services.apply((given): ServiceSpec | undefined => {
        const { clusterIp, nodePort: first, nodePorts } = given?.[name] ?? {};
        // A state that an earlier version wrote has the first one alone.
        const all = nodePorts ?? (first === undefined ? {} : { "": first });
        const ports = Object.entries(all).map(([port, nodePort]) => ({ name: port, nodePort }));
        return { ...(clusterIp !== undefined && { clusterIP: clusterIp }), ports };
      });
      return [name, { spec, address: serviceAddress(object, spec, cluster) }];
    }),
  );
}
