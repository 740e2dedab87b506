import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Taint } from "../../clusters/cluster.ts";
import type { EndpointSpec } from "../../clusters/endpoint.ts";
import type { Profile } from "../../clusters/profile.ts";
import type { ControlPlaneSettings } from "../../clusters/settings/control-plane.ts";
import type { Hooks } from "../../clusters/settings/hooks.ts";
import type { HostFiles } from "../../clusters/settings/host-files.ts";
import type { KubeletSettings } from "../../clusters/settings/kubelet.ts";
import { KeelsonError } from "../../errors.ts";
import { poolLabel } from "../../bootstrap/drain-slots.ts";
import type { ConnectionArgs, HostArgs, LeavingArgs } from "../resources.ts";
import type { Cluster } from "./cluster.ts";
import { declareCluster, type SshClusterArgs, type SshWorker } from "./ssh-cluster.ts";

export interface BareMetalClusterArgs extends SshClusterArgs {
  /** How all hosts are reached; a host's own settings win. @default - as root, with the SSH agent */
  readonly ssh?: Omit<ConnectionArgs, "address" | "hostKey">;
  readonly controlPlane: ControlPlaneArgs;
  /** Named groups of workers. @default {} */
  readonly pools?: Readonly<Record<string, Pool>>;
}

export interface ControlPlaneArgs extends ControlPlaneSettings {
  /** Fields of the kubelets' configuration. @default - the cluster's */
  readonly kubelet?: KubeletSettings;
  /** Files that the program keeps on the hosts, by absolute path. @default {} */
  readonly files?: HostFiles<pulumi.Input<string>>;
  /** Hooks beside those of the cluster, or in their place. */
  readonly hooks?: Hooks<pulumi.Input<string>>;
  /** How nodes find the API. @default - the one host's node address, port 6443; with several, "nodeLocal" */
  readonly endpoint?: EndpointSpec<pulumi.Input<string>>;
  /** 1, 3 or 5 hosts. The key is a host's logical name and default node name. */
  readonly hosts: Readonly<Record<string, BareMetalHost>>;
}

export interface Pool extends LeavingArgs {
  /** The key is the host's logical name and default node name; it is unique in the cluster. */
  readonly hosts: Readonly<Record<string, BareMetalHost>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Fields of the kubelets' configuration, as Kubernetes names them. @default - the cluster's */
  readonly kubelet?: KubeletSettings;
  /** Files that the program keeps on the hosts, by absolute path. @default {} */
  readonly files?: HostFiles<pulumi.Input<string>>;
  /** Hooks beside those of the cluster, or in their place. */
  readonly hooks?: Hooks<pulumi.Input<string>>;
}

export interface BareMetalHost {
  /** Host name or IP address that SSH dials. */
  readonly address: pulumi.Input<string>;
  /** The IP address that other nodes use. @default - the SSH address */
  readonly nodeAddress?: pulumi.Input<string>;
  /** @default - the logical name */
  readonly nodeName?: string;
  /** What differs from the cluster's SSH settings. */
  readonly ssh?: Partial<ConnectionArgs>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** What differs from the kubelet settings of the pool, field by field. */
  readonly kubelet?: KubeletSettings;
  /** Files beside those of the pool, or in their place. */
  readonly files?: HostFiles<pulumi.Input<string>>;
  /** Hooks beside those of the pool, or in their place. */
  readonly hooks?: Hooks<pulumi.Input<string>>;
  /** Base of an HTTP mirror that the host can reach. @default - artifacts are sent over SSH */
  readonly mirror?: pulumi.Input<string>;
  /** Another number makes a worker anew: for a host that died, or was installed again. */
  readonly generation?: number;
  /** What a removal may do to the worker's pods. @default - the pool's */
  readonly drain?: LeavingArgs["drain"];
}

/** A Kubernetes cluster on machines that are reached over SSH. */
export class BareMetalCluster extends pulumi.ComponentResource implements Cluster {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kubeconfig: pulumi.Output<string>;
  readonly profile: Profile;
  readonly clusterId: pulumi.Output<string>;
  readonly nodeAddresses: Readonly<Record<string, pulumi.Output<string>>>;
  readonly deletedWith: pulumi.Resource | undefined;
  readonly digestKey: pulumi.Output<string>;
  readonly #cluster: Cluster;

  constructor(name: string, args: BareMetalClusterArgs, options?: pulumi.ComponentResourceOptions) {
    super("keelson:index:BareMetalCluster", name, {}, options);
    const pools = Object.entries(args.pools ?? {});
    refuseSharedNames(name, [args.controlPlane, ...pools.map(([, pool]) => pool)]);
    const { endpoint, hosts, kubelet, files, hooks, ...settings } = args.controlPlane;
    const cluster = declareCluster(this, name, args, {
      controlPlane: mapHosts(hosts, (key, host) =>
        toHost(args, key, host, {
          ...(kubelet && { kubelet }),
          ...(files && { files }),
          ...(hooks && { hooks }),
        }),
      ),
      workers: Object.assign({}, ...pools.map(([key, pool]) => workersOf(args, key, pool))) as Record<
        string,
        SshWorker
      >,
      settings,
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    this.name = name;
    this.labels = cluster.labels;
    this.kubeconfig = cluster.kubeconfig;
    this.#cluster = cluster;
    this.profile = cluster.profile;
    this.clusterId = cluster.clusterId;
    this.nodeAddresses = cluster.nodeAddresses;
    this.deletedWith = cluster.deletedWith;
    this.digestKey = cluster.digestKey;
    this.registerOutputs({ kubeconfig: this.kubeconfig, clusterId: this.clusterId });
  }

  get provider(): k8s.Provider {
    return this.#cluster.provider;
  }
}

function workersOf(args: BareMetalClusterArgs, name: string, pool: Pool): Record<string, SshWorker> {
  const labels = { [poolLabel]: name, ...pool.labels };
  return mapHosts(pool.hosts, (key, host) => {
    const { generation, drain = pool.drain } = host;
    return {
      host: toHost(args, key, host, { ...pool, labels }),
      ...(generation === undefined ? {} : { generation }),
      ...(drain === undefined ? {} : { drain }),
      ...(pool.maxUnavailable === undefined ? {} : { maxUnavailable: pool.maxUnavailable }),
    };
  });
}

function toHost(args: BareMetalClusterArgs, key: string, host: BareMetalHost, pool: Partial<Pool>): HostArgs {
  const isControlPlane = key in args.controlPlane.hosts;
  return {
    role: isControlPlane ? "controlPlane" : "worker",
    nodeName: host.nodeName ?? key,
    nodeAddress: host.nodeAddress ?? host.address,
    labels: { ...pool.labels, ...host.labels },
    taints: [...(pool.taints ?? []), ...(host.taints ?? [])],
    ...merged("kubelet", pool, host),
    ...merged("files", pool, host),
    ...merged("hooks", pool, host),
    ...(host.mirror === undefined ? {} : { mirror: host.mirror }),
    connection: { ...args.ssh, address: host.address, ...host.ssh },
  };
}

type Settings = Partial<Pick<Pool, "kubelet" | "files" | "hooks">>;

/** A setting of the pool with the host's own in its place, key by key; nothing if neither has it. */
function merged(key: keyof Settings, pool: Settings, host: Settings): Settings {
  return pool[key] || host[key] ? { [key]: { ...pool[key], ...host[key] } } : {};
}

function mapHosts<Result>(
  hosts: Readonly<Record<string, BareMetalHost>>,
  convert: (key: string, host: BareMetalHost) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(hosts).map(([key, host]) => [key, convert(key, host)]));
}

function refuseSharedNames(cluster: string, groups: readonly Pick<Pool, "hosts">[]): void {
  const names = groups.flatMap(({ hosts }) => Object.keys(hosts));
  const shared = names.filter((name, index) => names.indexOf(name) !== index);
  if (shared.length === 0) return;
  const list = [...new Set(shared)].map((name) => `"${name}"`).join(", ");
  throw new KeelsonError(
    "KEELSON_INVALID_INPUT",
    `Cannot declare cluster "${cluster}": several hosts are named ${list}`,
  );
}
