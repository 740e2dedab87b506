import * as pulumi from "@pulumi/pulumi";
import { type ClusterSetService, derivedName } from "../../constructs/cluster-set/names.ts";
import type { ClusterSetContext } from "../../constructs/index.ts";
import { KeelsonError } from "../../errors.ts";
import { late } from "../late.ts";
import type { ServiceSpec } from "../objects/addresses.ts";
import { endpointSlice, importedService, memberObjects, ownService } from "../objects/cluster-set-objects.ts";
import { KubernetesObject, type ObjectInputs } from "../objects/kubernetes-object.ts";
import type { Cluster } from "./cluster.ts";
import type { Export } from "./exports.ts";

export interface ClusterSetArgs {
  /** The members. Their profiles name the same implementation in `clusterSet`. */
  readonly clusters: readonly Cluster[];
  /**
   * IP addresses at which the node ports of a cluster answer, by its name: those of a load balancer, or of the nodes of an
   * `ExistingCluster`. @default - its nodes
   */
  readonly addresses?: Readonly<Record<string, readonly pulumi.Input<string>[]>>;
}

/**
 * Clusters that trust each other and share services, as the Multi-Cluster Services API has it: what one of them exports
 * answers in all of them at `<service>.<namespace>.svc.clusterset.local`.
 *
 * @throws KeelsonError KEELSON_INVALID_INPUT
 */
export class ClusterSet extends pulumi.ComponentResource {
  readonly #name: string;
  readonly #members = new Map<string, Member>();
  readonly #exports = new Map<string, Claim>();
  readonly #imports = new Map<string, string>();
  /** What asks for a port of the nodes of a cluster. */
  readonly #nodePorts = new Map<string, string>();

  constructor(name: string, args: ClusterSetArgs, options?: pulumi.ComponentResourceOptions) {
    super("keelson:index:ClusterSet", name, {}, options);
    this.#name = name;
    const problem = problemOf(args);
    if (problem !== undefined) {
      throw invalid(`Cannot make the cluster set "${name}": ${problem.what}`, problem.fix);
    }
    for (const cluster of args.clusters) {
      const addresses = args.addresses?.[cluster.name] ?? Object.values(cluster.nodeAddresses);
      this.#members.set(cluster.name, { cluster, addresses, before: [], services: new Set() });
    }
    for (const member of this.#members.values()) this.#prepare(member);
    this.registerOutputs({});
  }

  /**
   * What programs on a cluster must know of the others; undefined if a controller sees to it.
   *
   * @throws KeelsonError KEELSON_INVALID_INPUT if the cluster is no member
   */
  contextOf(workload: string, cluster: Cluster): ClusterSetContext | undefined {
    if (this.#memberOf(workload, cluster).cluster.profile.clusterSet === "mcs") return undefined;
    const others = [...this.#members.values()].filter((member) => member.cluster.name !== cluster.name);
    const addresses = others.flatMap((member) => member.addresses);
    return { cidrs: addresses.map((address) => late(pulumi.output(address).apply(rangeOf))) };
  }

  /**
   * Takes note of all that an app exports, before anything of it is registered.
   *
   * @throws KeelsonError KEELSON_INVALID_INPUT if it cannot be exported, or others export it
   */
  claim(workload: string, exports: readonly Export[]): void {
    for (const each of exports) {
      const refuse = (what: string, fix: string): never => {
        throw invalid(
          `Cannot export ${keyOf(each)} from cluster "${each.cluster.name}" by workload "${workload}": ${what}`,
          fix,
        );
      };
      this.#claimName(workload, each, refuse);
      this.#claimNodePorts(each, refuse);
    }
  }

  /** Makes an export that was claimed answer in all members; `spec` is what the cluster has given to its Service. */
  connect(service: Export, spec: pulumi.Output<ServiceSpec | undefined>): void {
    const { name } = service.cluster;
    const exporter = this.#members.get(name);
    if (exporter === undefined || exporter.cluster.profile.clusterSet === "mcs") return;
    const key = keyOf(service);
    const { ports } = service;
    const addresses = pulumi.all([...exporter.addresses]);
    const slice = endpointSlice(service, { cluster: name, ports, spec, addresses });
    this.#register(exporter, key, ownService(service, domainOf(exporter.cluster)));
    for (const member of this.#members.values()) {
      // A cluster that runs the service itself answers by its own pods.
      if (this.#exports.get(key)?.clusters.has(member.cluster.name) === true) continue;
      if (!member.services.has(key)) this.#register(member, key, importedService(service, ports));
      member.services.add(key);
      this.#register(member, `${key}/${name}`, slice);
    }
  }

  /** Takes note of what an app imports; what nobody exports is warned of at the end of the program. */
  noteImports(workload: string, services: readonly ClusterSetService[]): void {
    if (services.length > 0 && this.#imports.size === 0) {
      setImmediate(() => {
        this.#warnOfMissing();
      });
    }
    for (const service of services) this.#imports.set(keyOf(service), workload);
  }

  #prepare(member: Member): void {
    if (member.cluster.profile.clusterSet === "mcs") return;
    const made = memberObjects(domainOf(member.cluster)).map((object) =>
      this.#register(member, `${object.kind}/${object.metadata.name}`, object),
    );
    member.before.push(...made);
  }

  #register({ cluster, before }: Member, path: string, object: ObjectInputs): KubernetesObject {
    return new KubernetesObject(`${cluster.name}/${this.#name}/${path}`, object, {
      parent: this,
      provider: cluster.provider,
      dependsOn: [...before],
      ...(cluster.deletedWith !== undefined && { deletedWith: cluster.deletedWith }),
    });
  }

  #claimName(workload: string, service: Export, refuse: Refuse): void {
    const { cluster } = service;
    const { addresses } = this.#memberOf(workload, cluster);
    const key = keyOf(service);
    const ports = JSON.stringify(service.ports);
    const derived = derivedName(service);
    const claim = this.#exports.get(key) ?? { key, derived, workload, ports, clusters: new Set() };
    if (claim.workload !== workload) {
      refuse(
        `workload "${claim.workload}" exports it, too`,
        "Export a service from one workload, which may be on several clusters",
      );
    }
    if (claim.ports !== ports) {
      refuse(
        `it has other ports there than on ${[...claim.clusters].join(", ")}`,
        "Give a service the same ports in every cluster",
      );
    }
    const isReachable = cluster.profile.clusterSet === "mcs" || addresses.length > 0;
    if (!isReachable) {
      refuse(
        "it is not known where its nodes answer",
        `Say it in the set, addresses: { ${JSON.stringify(cluster.name)}: ["192.0.2.10"] } for example`,
      );
    }
    const namesake = [...this.#exports.values()].find((each) => each.derived === derived && each.key !== key);
    if (namesake !== undefined)
      refuse(`${namesake.key} takes the name "${namesake.derived}"`, "Use another name");
    claim.clusters.add(cluster.name);
    this.#exports.set(key, claim);
  }

  #claimNodePorts(service: Export, refuse: Refuse): void {
    for (const nodePort of service.nodePorts) {
      const place = `${service.cluster.name}:${nodePort}`;
      const owner = this.#nodePorts.get(place) ?? keyOf(service);
      if (owner !== keyOf(service)) refuse(`${owner} has the node port ${nodePort}`, "Use another node port");
      this.#nodePorts.set(place, owner);
    }
  }

  #memberOf(workload: string, cluster: Cluster): Member {
    const member = this.#members.get(cluster.name);
    if (member !== undefined) return member;
    throw invalid(
      `Cannot deploy workload "${workload}": cluster "${cluster.name}" is no member of the cluster set "${this.#name}"`,
      "Add the cluster to the set, or leave clusterSet out",
    );
  }

  #warnOfMissing(): void {
    for (const [key, workload] of this.#imports) {
      if (this.#exports.has(key)) continue;
      const text = `Workload "${workload}" uses ${key}, which no workload of the cluster set "${this.#name}" exports`;
      void pulumi.log.warn(text, this);
    }
  }
}

interface Member {
  readonly cluster: Cluster;
  readonly addresses: readonly pulumi.Input<string>[];
  /** What must be there before all else. */
  readonly before: KubernetesObject[];
  /** What it imports. */
  readonly services: Set<string>;
}

interface Claim {
  readonly key: string;
  readonly derived: string;
  readonly workload: string;
  readonly ports: string;
  readonly clusters: Set<string>;
}

type Refuse = (what: string, fix: string) => never;

function problemOf({ clusters, addresses = {} }: ClusterSetArgs): { what: string; fix: string } | undefined {
  const names = clusters.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    return { what: `cluster "${twice}" is named twice`, fix: "Name each cluster once" };
  const silent = clusters.find(({ profile }) => profile.clusterSet === undefined);
  if (silent !== undefined) {
    return {
      what: `the profile of cluster "${silent.name}" does not say how it exchanges services`,
      fix: 'Say clusterSet: "nodePort" or "mcs" in the profile',
    };
  }
  const [first, ...others] = clusters;
  const other = others.find(({ profile }) => profile.clusterSet !== first?.profile.clusterSet);
  if (first !== undefined && other !== undefined) {
    return {
      what: `cluster "${first.name}" exchanges services by ${String(first.profile.clusterSet)}, and "${other.name}" by ${String(other.profile.clusterSet)}`,
      fix: "Use one of the two in all clusters of a set",
    };
  }
  const unknown = Object.keys(addresses).find((name) => !names.includes(name));
  if (unknown === undefined) return undefined;
  return {
    what: `it has addresses of "${unknown}", which is no member`,
    fix: `Use names of members: ${names.join(", ")}`,
  };
}

function keyOf({ namespace, name }: ClusterSetService): string {
  return `${namespace}/${name}`;
}

function domainOf({ profile }: Cluster): string {
  return profile.dnsDomain ?? "cluster.local";
}

/** The range that holds one address. */
function rangeOf(address: string): string {
  return `${address}/${address.includes(":") ? 128 : 32}`;
}

function invalid(message: string, fix: string): KeelsonError {
  return new KeelsonError("KEELSON_INVALID_INPUT", message, { fix });
}
