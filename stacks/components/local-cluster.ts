import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Profile } from "../../clusters/profile.ts";
import type { ControlPlaneSettings } from "../../clusters/settings/control-plane.ts";
import type { KubeletSettings } from "../../clusters/settings/kubelet.ts";
import { type HostArgs, LocalMachine } from "../resources.ts";
import type { Cluster } from "./cluster.ts";
import { fleetName } from "./fleet-name.ts";
import { declareCluster, type SshClusterArgs } from "./ssh-cluster.ts";

export interface LocalClusterArgs extends SshClusterArgs {
  /** How many control-plane hosts: 1, 3 or 5. @default 1 */
  readonly controlPlanes?: number;
  /** How the control plane differs from kubeadm's. @default - not at all */
  readonly controlPlane?: ControlPlaneSettings;
  /** Fields of all kubelets' configuration, as Kubernetes names them. @default - the usual ones */
  readonly kubelet?: KubeletSettings;
  /** How many workers. @default 1 */
  readonly workers?: number;
  /** Machines of one fleet share a network, so their clusters reach each other. @default - from project and stack */
  readonly fleet?: string;
}

/** A Kubernetes cluster on machines of this computer: bootstrapped over SSH, just as bare metal is. */
export class LocalCluster extends pulumi.ComponentResource implements Cluster {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kubeconfig: pulumi.Output<string>;
  readonly profile: Profile;
  readonly clusterId: pulumi.Output<string>;
  readonly nodeAddresses: Readonly<Record<string, pulumi.Output<string>>>;
  readonly deletedWith: pulumi.Resource | undefined;
  readonly digestKey: pulumi.Output<string>;
  readonly #cluster: Cluster;

  constructor(name: string, args: LocalClusterArgs = {}, options?: pulumi.ComponentResourceOptions) {
    super("keelson:index:LocalCluster", name, {}, options);
    const {
      controlPlanes = 1,
      workers = 1,
      fleet = fleetName(pulumi.getProject(), pulumi.getStack()),
    } = args;
    const hosts = (role: HostArgs["role"], prefix: string, count: number): [string, HostArgs][] =>
      Array.from({ length: count }, (_, index) => `${prefix}${String(index + 1)}`).map((host) => [
        host,
        { role, ...this.#machine(name, host, fleet), ...(args.kubelet && { kubelet: args.kubelet }) },
      ]);
    const cluster = declareCluster(this, name, args, {
      controlPlane: Object.fromEntries(hosts("controlPlane", "cp", controlPlanes)),
      workers: Object.fromEntries(hosts("worker", "w", workers).map(([key, host]) => [key, { host }])),
      disposable: true,
      ...(args.controlPlane && { settings: args.controlPlane }),
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

  #machine(cluster: string, host: string, fleet: string): Omit<HostArgs, "role"> {
    const machine = new LocalMachine(
      `${cluster}-${host}`,
      { name: `${fleet}-${cluster}-${host}`, fleet },
      { parent: this },
    );
    const { address, port, user, privateKey, hostKey, mirror, starts } = machine;
    return {
      nodeName: host,
      nodeAddress: address,
      mirror,
      starts,
      labels: {},
      taints: [],
      connection: { address, port, user, privateKey, hostKey },
    };
  }
}
