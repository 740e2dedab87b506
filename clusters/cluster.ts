import type { Endpoint } from "./endpoint.ts";
import type { Proxy } from "./proxy.ts";
import type { ControlPlaneSettings } from "./settings/control-plane.ts";
import type { Hooks } from "./settings/hooks.ts";
import type { HostFiles } from "./settings/host-files.ts";
import type { Registries } from "./settings/registries.ts";
import type { KubeletSettings } from "./settings/kubelet.ts";

/** What all hosts of a cluster share. Plain data, complete: defaults are filled by `defineCluster`. */
export interface Cluster {
  /** RFC 1123 label. */
  readonly name: string;
  /** Version without `v`, `1.35.4` for example. */
  readonly kubernetes: string;
  /** Where nodes find the API. */
  readonly endpoint: Endpoint;
  readonly network: Network;
  /** By which hosts reach the world. @default - directly */
  readonly proxy?: Proxy;
  /** How images are pulled. @default - directly and without a name */
  readonly registries?: Registries;
  /** How the control plane differs from kubeadm's. @default - not at all */
  readonly controlPlane?: ControlPlaneSettings;
}

export interface Network {
  /** The pod network that keelson installs; `none` leaves it to the user. */
  readonly cni: "canal" | "none";
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly dnsDomain: string;
  /** Of the pod interfaces, in bytes. @default - the smallest host interface's less 50 for VXLAN */
  readonly mtu?: number;
  /** The host interface that carries pod traffic. @default - the one that has the node address */
  readonly interface?: string;
  /** Where to find the node address of a host that does not name it. @default - the SSH address */
  readonly nodeAddresses?: AddressPolicy;
}

/**
 * Picks one of a host's addresses: the one in a range, or the first one of an interface. A range also keeps everybody
 * else away from the ports that nodes open to each other, where a host has a firewall.
 */
export type AddressPolicy = { readonly cidr: string } | { readonly interface: string };

/** A machine that is, or becomes, a node. */
export interface ClusterHost {
  /** The logical name: the key in the program's record of hosts. */
  readonly name: string;
  readonly role: "controlPlane" | "worker";
  /** @default - the logical name */
  readonly nodeName: string;
  /** The address that other nodes use. @default - the SSH address */
  readonly nodeAddress: string;
  /** Base of an HTTP mirror that the host can reach and that serves `/bundles`. @default - bundles are sent over SSH */
  readonly mirror?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** How its kubelet differs from a usual one. @default - not at all */
  readonly kubelet?: KubeletSettings;
  /** Files of the program's own, by path. @default - none */
  readonly files?: HostFiles;
  /** Scripts before and after steps that change the host, by name. @default - none */
  readonly hooks?: Hooks;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}
