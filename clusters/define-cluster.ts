import { isIP } from "node:net";
import { proxyProblems } from "./proxy.ts";
import type { Proxy } from "./proxy.ts";
import { ProblemsError } from "../errors.ts";
import type { Problem } from "../errors.ts";
import { policyProblems } from "./address-policy.ts";
import { formatCidr, overlaps, parseCidr } from "./cidr.ts";
import type { Cluster, ClusterHost, Network, Taint } from "./cluster.ts";
import { completeEndpoint, endpointProblems } from "./endpoint.ts";
import type { EndpointSpec } from "./endpoint.ts";
import { controlPlaneProblems } from "./settings/control-plane.ts";
import type { ControlPlaneSettings } from "./settings/control-plane.ts";
import { hookProblems } from "./settings/hooks.ts";
import type { Hooks } from "./settings/hooks.ts";
import { fileProblems } from "./settings/host-files.ts";
import type { HostFiles } from "./settings/host-files.ts";
import { kubeletProblems } from "./settings/kubelet.ts";
import type { KubeletSettings } from "./settings/kubelet.ts";
import { labelProblems, taintProblems } from "./settings/node-marks.ts";
import { registryProblems } from "./settings/registries.ts";
import type { Registries } from "./settings/registries.ts";

/** Kubernetes minors that this release brings up. */
export const supportedMinors = ["1.35", "1.36"] as const;

/** The network of a cluster that says nothing about it. */
export const defaultNetwork: Network = {
  cni: "canal",
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/12",
  dnsDomain: "cluster.local",
};

/** A cluster as people write it: everything that has a default may be left out. */
export interface ClusterSpec {
  readonly name: string;
  /** Version without `v`, `1.35.4` for example. */
  readonly kubernetes: string;
  /** @default - the address of the one control-plane host, port 6443; a balancer on each node if there are several */
  readonly endpoint?: EndpointSpec;
  /** @default - canal with 10.244.0.0/16 for pods and 10.96.0.0/12 for services */
  readonly network?: Partial<Network>;
  /** By which hosts reach the world. @default - directly */
  readonly proxy?: Proxy;
  /** Mirrors, credentials and authorities of registries, by name. @default - none */
  readonly registries?: Registries;
  /** Flags and volumes of the API server and its companions, names in its certificate. @default - kubeadm's own */
  readonly controlPlane?: ControlPlaneSettings;
  /** Scripts before and after steps that change a host, on each of them. @default - none */
  readonly hooks?: Hooks;
  /** By logical name. */
  readonly hosts: Readonly<Record<string, HostSpec>>;
}

export interface HostSpec {
  readonly role: "controlPlane" | "worker";
  /** The address that SSH dials and, unless `nodeAddress` differs, other nodes use. */
  readonly address: string;
  /** @default - the logical name */
  readonly nodeName?: string;
  /** @default - `address` */
  readonly nodeAddress?: string;
  /** Base of an HTTP mirror that serves `/bundles`. */
  readonly mirror?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  /** Fields of the kubelet's configuration. @default - the cluster's */
  readonly kubelet?: KubeletSettings;
  /** Files that the program keeps on the host, by absolute path. @default - none */
  readonly files?: HostFiles;
  /** Hooks beside those of the cluster, or in their place. @default - the cluster's */
  readonly hooks?: Hooks;
}

/** A cluster's data, complete and checked. */
export interface DefinedCluster {
  readonly cluster: Cluster;
  readonly hosts: readonly (ClusterHost & { readonly address: string })[];
}

/**
 * Fills in the defaults of a cluster and checks it.
 *
 * @throws ProblemsError with everything that is wrong
 */
export function defineCluster(spec: ClusterSpec): DefinedCluster {
  const hosts = Object.entries(spec.hosts).map(([name, host]) => ({
    name,
    role: host.role,
    nodeName: host.nodeName ?? name,
    nodeAddress: host.nodeAddress ?? host.address,
    address: host.address,
    ...(host.mirror !== undefined && { mirror: host.mirror }),
    labels: host.labels ?? {},
    taints: host.taints ?? [],
    ...(host.kubelet && { kubelet: host.kubelet }),
    ...(host.files && { files: host.files }),
    ...((spec.hooks || host.hooks) && { hooks: { ...spec.hooks, ...host.hooks } }),
  }));
  const controlPlane = hosts.filter(({ role }) => role === "controlPlane");
  const network = { ...defaultNetwork, ...spec.network };
  const addresses = Object.fromEntries(controlPlane.map(({ name, nodeAddress }) => [name, nodeAddress]));
  const endpoint = completeEndpoint(spec.endpoint, addresses);
  const cluster = {
    name: spec.name,
    kubernetes: spec.kubernetes,
    endpoint,
    network,
    ...(spec.proxy && { proxy: spec.proxy }),
    ...(spec.registries && { registries: spec.registries }),
    ...(spec.controlPlane && { controlPlane: spec.controlPlane }),
  };
  const problems = [
    ...clusterProblems(cluster),
    ...networkProblems(network),
    ...proxyProblems(spec.proxy),
    ...controlPlaneProblems(spec.controlPlane),
    ...registryProblems(spec.registries),
    ...endpointProblems(endpoint, hosts),
    ...hostProblems(hosts),
    ...sharedNames(hosts),
  ];
  if (problems.length > 0) throw new ProblemsError(`define cluster "${spec.name}"`, problems);
  return { cluster, hosts };
}

/** What is wrong with the ranges of a cluster, among themselves. Pure. */
export function networkProblems({ podCidr, serviceCidr, mtu, nodeAddresses }: Network): Problem[] {
  const ranges = { podCidr, serviceCidr };
  const unusable = Object.entries(ranges).flatMap(([key, text]) => familyProblems(`network.${key}`, text));
  if (unusable.length > 0) return unusable;
  const [pods, services] = [parseCidr(podCidr), parseCidr(serviceCidr)];
  const problems = [
    ...policyProblems(nodeAddresses),
    ...(pods
      ? []
      : [invalid("network.podCidr", `"${podCidr}" is not an address range such as 10.244.0.0/16`)]),
    ...(services
      ? []
      : [invalid("network.serviceCidr", `"${serviceCidr}" is not an address range such as 10.96.0.0/16`)]),
    ...(mtu === undefined || (Number.isInteger(mtu) && mtu >= 1280 && mtu <= 65535)
      ? []
      : [invalid("network.mtu", `${String(mtu)} is not between 1280 and 65535`)]),
  ];
  if (pods && services && overlaps(pods, services)) {
    const message = `${formatCidr(services)} overlaps the pod range ${formatCidr(pods)}`;
    problems.push({ code: "KEELSON_NETWORK_OVERLAP", where: "network.serviceCidr", message });
  }
  return problems;
}

/** Why a control plane cannot have that many hosts; undefined if it can. Pure. */
export function controlPlaneCountProblem(count: number): string | undefined {
  if (count === 1 || count === 3 || count === 5) return undefined;
  const why =
    count % 2 === 0 && count > 0
      ? "; an even number survives no more failures than one host less, and is lost by more"
      : "";
  return `${String(count)} control-plane hosts, but a control plane has 1, 3 or 5${why}`;
}

/** Node names and addresses that several hosts of a cluster have. Pure. */
export function sharedNames(
  hosts: readonly Pick<ClusterHost, "name" | "nodeName" | "nodeAddress">[],
): readonly Problem[] {
  return [...repeated(hosts, "nodeName"), ...repeated(hosts, "nodeAddress")];
}

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const nodeName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

function clusterProblems({ name, kubernetes }: Cluster): Problem[] {
  const isSupported = supportedMinors.some((minor) =>
    new RegExp(`^${minor.replace(".", "\\.")}\\.\\d+$`).test(kubernetes),
  );
  return [
    ...(label.test(name)
      ? []
      : [invalid("name", `"${name}" is not a lower-case label of at most 63 characters`)]),
    ...(isSupported
      ? []
      : [
          unsupported(
            "kubernetes",
            `"${kubernetes}" is none of ${supportedMinors.map((minor) => `${minor}.x`).join(", ")}`,
          ),
        ]),
  ];
}

function hostProblems(hosts: DefinedCluster["hosts"]): Problem[] {
  const count = controlPlaneCountProblem(hosts.filter(({ role }) => role === "controlPlane").length);
  return [
    ...(count === undefined ? [] : [unsupported("hosts", count)]),
    ...hosts.flatMap((host) => [
      ...labelProblems(host.labels, `hosts.${host.name}.labels`),
      ...taintProblems(host.taints, `hosts.${host.name}.taints`),
      ...fileProblems(host.files, `hosts.${host.name}.files`),
      ...hookProblems(host.hooks, `hosts.${host.name}.hooks`),
      ...kubeletProblems(host.kubelet, `hosts.${host.name}.kubelet`),
      ...(nodeName.test(host.nodeName)
        ? []
        : [invalid(`hosts.${host.name}.nodeName`, `"${host.nodeName}" is not a node name`)]),
      ...(isIP(host.nodeAddress) > 0
        ? []
        : [invalid(`hosts.${host.name}.nodeAddress`, `"${host.nodeAddress}" is not an IP address`)]),
      ...(isIP(host.nodeAddress) === 6
        ? [unsupported(`hosts.${host.name}.nodeAddress`, `"${host.nodeAddress}" is of IPv6; nodes have IPv4`)]
        : []),
    ]),
  ];
}

/** Two ranges, or one of IPv6, would be a cluster of another kind: refused by name, not for their form. */
function familyProblems(where: string, text: string): Problem[] {
  const ranges = text.split(",");
  if (ranges.length > 1) {
    return [unsupported(where, `"${text}" asks for dual-stack; this release has one IPv4 range`)];
  }
  const isIPv6 = isIP(text.split("/")[0] ?? "") === 6;
  return isIPv6 ? [unsupported(where, `"${text}" is of IPv6; this release has one IPv4 range`)] : [];
}

function repeated(
  hosts: readonly Pick<ClusterHost, "name" | "nodeName" | "nodeAddress">[],
  key: "nodeName" | "nodeAddress",
): Problem[] {
  const firsts = new Map<string, string>();
  return hosts.flatMap((host): Problem[] => {
    const other = firsts.get(host[key]);
    if (other === undefined) {
      firsts.set(host[key], host.name);
      return [];
    }
    const message = `"${host[key]}" is that of "${other}" too`;
    return [{ code: "KEELSON_HOST_DUPLICATE", where: `hosts.${host.name}.${key}`, message }];
  });
}

function invalid(where: string, message: string): Problem {
  return { code: "KEELSON_INVALID_INPUT", where, message };
}

function unsupported(where: string, message: string): Problem {
  return { code: "KEELSON_NOT_SUPPORTED", where, message };
}
