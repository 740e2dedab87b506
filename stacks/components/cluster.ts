import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Profile } from "../../clusters/profile.ts";

/** A cluster of any kind, as applications see it. */
export interface Cluster {
  /** RFC 1123 label; unique among the clusters of a program. */
  readonly name: string;
  /** What tells clusters apart: region, stage, kind of hardware. */
  readonly labels: Readonly<Record<string, string>>;
  /** Admin access. A secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /**
   * Applies objects to this cluster. Known by a stable id, so a new kubeconfig never replaces what it manages. Made when it
   * is first asked for, since it is a process of its own.
   */
  readonly provider: k8s.Provider;
  /** What the cluster offers to applications. */
  readonly profile: Profile;
  /** Names the cluster for ever. */
  readonly clusterId: pulumi.Output<string>;
  /** The addresses of its nodes, by node name. Empty if the nodes are not known to the program. */
  readonly nodeAddresses: Readonly<Record<string, pulumi.Output<string>>>;
  /** When it is deleted, so is everything on the cluster: objects need not be taken away one by one. */
  readonly deletedWith: pulumi.Resource | undefined;
  /**
   * Keys the digests of secret values that pods carry, so that nobody who reads pods can try out passwords. A secret that
   * stays the same as long as the cluster lives: another one replaces the pods that use secrets.
   */
  readonly digestKey: pulumi.Output<string>;
}
