import * as pulumi from "@pulumi/pulumi";
import { App, Chart } from "cdk8s";
import type { Profile } from "../../clusters/profile.ts";
import {
  Application,
  type ClusterSetService,
  type Finding,
  useClusterSet,
  useProfile,
} from "../../constructs/index.ts";
import { KeelsonError } from "../../errors.ts";
import { mapValues } from "../map-values.ts";
import {
  type ServiceAddress,
  serviceAddress,
  type Services,
  type ServiceSpec,
} from "../objects/addresses.ts";
import { KubernetesObject, type ObjectInputs } from "../objects/kubernetes-object.ts";
import { keptOf } from "../objects/keep.ts";
import { LateValues } from "../objects/late-values.ts";
import type { OrderedObject } from "../objects/order.ts";
import { describeAll, describeWarnings, type Rendered, renderApp } from "../objects/render.ts";
import type { Cluster } from "./cluster.ts";
import type { ClusterSet } from "./cluster-set.ts";
import { type Export, exportsIn } from "./exports.ts";
import { type PlacedCluster, placeOn } from "./placed-clusters.ts";
import { outlivesCluster, type SetOptions } from "./set-engine.ts";
import { SetEngine } from "./set-workload.ts";

/** What an app may know of the cluster that it is rendered for. Plain data: the same context renders the same bytes. */
export interface AppContext {
  /** The cluster's name. */
  readonly name: string;
  /** The cluster's labels. */
  readonly labels: Readonly<Record<string, string>>;
  readonly profile: Profile;
  /** How many pods of each service this cluster is meant to run: what the lock decides, or two. */
  readonly replicas: number;
}

export interface WorkloadArgs {
  /** Where the app runs: on each of them, or on those that the decision of a lock names. */
  readonly clusters: readonly Cluster[];
  /** Adds the app's constructs to the chart. Called once per cluster. */
  readonly app: (chart: Chart, context: AppContext) => void;
  /**
   * The namespace of the app. It is made with the Pod Security labels of the cluster's profile, unless `create` is
   * false.
   * @default - a new one with the workload's name
   */
  readonly namespace?: { readonly name: string; readonly create?: boolean };
  /**
   * How objects get to the clusters: each as a resource of its own, or all of an app and a cluster as one, applied by
   * keelson itself, with their inventory in the cluster.
   * @default "objects"
   */
  readonly engine?: "objects" | "set";
  /** What exports its services, and where it finds those of others. @default - none; needed to export by node ports */
  readonly clusterSet?: ClusterSet;
  /** For the engine "set". */
  readonly set?: SetOptions;
}

/** Where the services of a workload answer: by cluster, then by service. */
export type Addresses = Readonly<Record<string, Readonly<Record<string, ServiceAddress>>>>;

/**
 * An app on several clusters. Nothing is registered unless the app is without errors on all of them. The `customTimeouts` of
 * its options hold for every object, or for the set of each cluster.
 *
 * @throws KeelsonError KEELSON_INVALID_CONSTRUCT with all findings of all clusters; KEELSON_NOT_SUPPORTED if the engine
 * cannot do what is asked for; KEELSON_INVALID_INPUT
 */
export class Workload extends pulumi.ComponentResource {
  readonly addresses: pulumi.Output<Addresses>;
  readonly #name: string;
  readonly #args: WorkloadArgs;
  readonly #patience: Pick<pulumi.CustomResourceOptions, "customTimeouts">;

  constructor(name: string, args: WorkloadArgs, options?: pulumi.ComponentResourceOptions) {
    super("keelson:index:Workload", name, {}, options);
    this.#name = name;
    this.#args = args;
    this.#patience = options?.customTimeouts === undefined ? {} : { customTimeouts: options.customTimeouts };
    if (args.engine !== "set" && args.set !== undefined) throw notOfObjects(name);
    const sets = args.engine === "set" ? new SetEngine(name, args.set ?? {}, this) : undefined;
    const placed = sets?.place(args.clusters) ?? placeOn(name, args.clusters, undefined);
    const rendered = placed.map((each) => this.#render(each));
    this.#report(rendered.flatMap(({ result }) => result.findings));
    const exports = this.#claimExports(rendered);
    const entries = rendered.map((each) => [each.cluster.name, this.#register(each, sets)] as const);
    const services = Object.fromEntries(entries);
    this.addresses = pulumi.output(mapValues(services, (each) => mapValues(each, ({ address }) => address)));
    this.#connect(exports, services);
    // Pulumi waits for what is registered.
    this.registerOutputs({ addresses: this.addresses, ...(sets && { offered: sets.offer() }) });
  }

  #render({ cluster, replicas, isWanted }: PlacedCluster<Cluster>): OnCluster {
    const { namespace = { name: this.#name } } = this.#args;
    const late = new LateValues(cluster.digestKey);
    const app = new App({ resolvers: [late] });
    const chart = new Chart(app, this.#name, { namespace: namespace.name, disableResourceNameHashes: true });
    const { name, labels, profile } = cluster;
    useProfile(app, profile);
    const set = this.#args.clusterSet?.contextOf(this.#name, cluster);
    if (set !== undefined) useClusterSet(app, set);
    this.#args.app(chart, { name, labels, profile, replicas });
    const extra = namespace.create === false ? [] : [namespaceOf(namespace.name, profile)];
    return { cluster, isWanted, late, result: renderApp(app, late, extra), imports: importsIn(app) };
  }

  /** What the app exports, which the set takes note of together with what it imports. */
  #claimExports(rendered: readonly OnCluster[]): readonly Export[] {
    const { clusterSet } = this.#args;
    const wanted = rendered.filter(({ isWanted }) => isWanted);
    const exports = wanted.flatMap(({ cluster, result }) => exportsIn(cluster, result.plan.objects));
    const lonely = exports.find(({ cluster }) => cluster.profile.clusterSet === "nodePort");
    if (clusterSet === undefined && lonely !== undefined) {
      throw new KeelsonError(
        "KEELSON_INVALID_INPUT",
        `Cannot deploy workload "${this.#name}": it exports "${lonely.name}", and has no cluster set to export it to`,
        { fix: "Give it a clusterSet, or leave the export out" },
      );
    }
    clusterSet?.claim(this.#name, exports);
    clusterSet?.noteImports(
      this.#name,
      wanted.flatMap(({ imports }) => imports),
    );
    return exports;
  }

  #report(findings: readonly Finding[]): void {
    const errors = findings.filter(({ severity }) => severity === "error");
    const warnings = findings.filter(({ severity }) => severity === "warning");
    if (errors.length > 0) {
      throw new KeelsonError(
        "KEELSON_INVALID_CONSTRUCT",
        `Cannot deploy workload "${this.#name}": its app is not valid\n${describeAll(errors)}`,
      );
    }
    if (warnings.length > 0) void pulumi.log.warn(describeWarnings(warnings), this);
  }

  #connect(exports: readonly Export[], services: Readonly<Record<string, Services>>): void {
    for (const each of exports) {
      const spec = services[each.cluster.name]?.[each.name]?.spec;
      if (spec !== undefined) this.#args.clusterSet?.connect(each, spec);
    }
  }

  #register({ cluster, isWanted, late, result }: OnCluster, sets: SetEngine | undefined): Services {
    if (sets !== undefined) {
      const namespace = this.#args.namespace?.name ?? this.#name;
      const set = { workload: this.#name, namespace, cluster, plan: result.plan, late };
      return sets.register(set, { isWanted, patience: this.#patience });
    }
    const made: KubernetesObject[] = [];
    const isKept = keptOf(result.plan.objects);
    const services: Record<string, Services[string]> = {};
    for (const [index, object] of result.plan.objects.entries()) {
      const dependsOn = (result.plan.before[index] ?? []).flatMap((earlier) => made[earlier] ?? []);
      const resource = new KubernetesObject(
        this.#logicalName(cluster, object),
        late.fill(object) as ObjectInputs,
        {
          parent: this,
          provider: cluster.provider,
          dependsOn,
          retainOnDelete: isKept(object),
          ...this.#patience,
          ...(cluster.deletedWith !== undefined &&
            !outlivesCluster(object) && { deletedWith: cluster.deletedWith }),
        },
      );
      made.push(resource);
      if (object.apiVersion === "v1" && object.kind === "Service") {
        const spec = resource.spec as pulumi.Output<ServiceSpec | undefined>;
        services[object.metadata.name] = { spec, address: serviceAddress(object, spec, cluster) };
      }
    }
    return services;
  }

  #logicalName(cluster: Cluster, { kind, metadata }: OrderedObject): string {
    const namespace = metadata.namespace === undefined ? [] : [metadata.namespace];
    return [cluster.name, this.#name, kind, ...namespace, metadata.name].join("/");
  }
}

interface OnCluster {
  readonly cluster: Cluster;
  readonly isWanted: boolean;
  readonly late: LateValues;
  readonly result: Rendered;
  readonly imports: readonly ClusterSetService[];
}

function importsIn(app: App): readonly ClusterSetService[] {
  return app.node
    .findAll()
    .flatMap((construct) => (construct instanceof Application ? construct.imports : []));
}

function namespaceOf(name: string, { podSecurity = "restricted" }: Profile): OrderedObject & ObjectInputs {
  const level = "pod-security.kubernetes.io";
  const labels = {
    "app.kubernetes.io/managed-by": "keelson",
    [`${level}/enforce`]: podSecurity,
    [`${level}/warn`]: podSecurity,
    [`${level}/audit`]: podSecurity,
  };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } as { name: string } };
}

function notOfObjects(name: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_NOT_SUPPORTED",
    `Cannot deploy workload "${name}": "set" has options of another engine`,
    { fix: 'Set engine: "set", or leave "set" out' },
  );
}
