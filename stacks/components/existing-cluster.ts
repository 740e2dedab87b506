import { createHash } from "node:crypto";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Profile } from "../../clusters/profile.ts";
import type { Cluster } from "./cluster.ts";
import { apiProvider } from "./ssh-cluster.ts";

export interface ExistingClusterArgs {
  /** Access with the rights that the applications' objects need. */
  readonly kubeconfig: pulumi.Input<string>;
  /** What the cluster offers to applications. */
  readonly profile: Profile;
  /** Names the cluster for ever; another value means another cluster. @default - the component's name */
  readonly clusterId?: string;
  /** What tells clusters apart: region, stage, kind of hardware. @default {} */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * A long random secret that keys the digests of secret values.
   * @default - derived from the kubeconfig, so that other credentials replace the pods that use secrets once
   */
  readonly digestKey?: pulumi.Input<string>;
}

/** A cluster that somebody else made and keeps. */
export class ExistingCluster extends pulumi.ComponentResource implements Cluster {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kubeconfig: pulumi.Output<string>;
  readonly profile: Profile;
  readonly clusterId: pulumi.Output<string>;
  readonly nodeAddresses: Readonly<Record<string, pulumi.Output<string>>> = {};
  readonly deletedWith: pulumi.Resource | undefined = undefined;
  readonly digestKey: pulumi.Output<string>;
  readonly #openProvider: () => k8s.Provider;
  #provider: k8s.Provider | undefined;

  constructor(name: string, args: ExistingClusterArgs, options?: pulumi.ComponentResourceOptions) {
    super("keelson:index:ExistingCluster", name, {}, options);
    const { clusterId = name, labels = {}, profile } = args;
    this.name = name;
    this.labels = labels;
    this.profile = profile;
    this.kubeconfig = pulumi.secret(args.kubeconfig);
    this.clusterId = pulumi.output(clusterId);
    this.digestKey = pulumi.secret(args.digestKey ?? this.kubeconfig.apply(digest));
    this.#openProvider = () => apiProvider(name, this.kubeconfig, clusterId, { parent: this });
    this.registerOutputs({ clusterId: this.clusterId });
  }

  get provider(): k8s.Provider {
    return (this.#provider ??= this.#openProvider());
  }
}

function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
