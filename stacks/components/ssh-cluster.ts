import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { Network } from "../../clusters/cluster.ts";
import { apiPortOf, completeEndpoint } from "../../clusters/endpoint.ts";
import type { EndpointSpec } from "../../clusters/endpoint.ts";
import { defaultNetwork } from "../../clusters/define-cluster.ts";
import type { Proxy } from "../../clusters/proxy.ts";
import type { Hooks } from "../../clusters/settings/hooks.ts";
import type { ControlPlaneSettings } from "../../clusters/settings/control-plane.ts";
import type { Registries, RegistryAccess } from "../../clusters/settings/registries.ts";
import type { Profile } from "../../clusters/profile.ts";
import { mapValues } from "../map-values.ts";
import {
  type ClusterArgs,
  ClusterEndpoint,
  ClusterHosts,
  ClusterIdentity,
  ClusterServices,
  ControlPlane,
  type HostArgs,
  type HostRecordArgs,
  type LeavingArgs,
  WorkerNode,
} from "../resources.ts";
import type { ExtraImage } from "../../toolchain/image-recipes.ts";
import { type ApiProxyArgs, proxiedKubeconfig } from "./api-proxy.ts";
import type { Cluster } from "./cluster.ts";
import { digestKeyOf } from "./digest-key.ts";

/** The Kubernetes version of a cluster that does not name one. */
export const defaultKubernetes = "1.35.4";

/** A pod network, or connection, that hangs must not hang the run. In seconds. */
const apiTimeoutSeconds = 30;

/** What every cluster of hosts has, wherever its hosts come from. */
export interface SshClusterArgs {
  /** Version without `v`. @default "1.35.4" */
  readonly kubernetes?: string;
  /** @default - canal with 10.244.0.0/16 for pods and 10.96.0.0/12 for services */
  readonly network?: Partial<Network>;
  /** The proxies by which hosts reach the world; their addresses become secrets of the stack. @default - none */
  readonly proxy?: Proxy<pulumi.Input<string>>;
  /**
   * How images are pulled, by a registry's name, `docker.io` for example: mirrors, credentials, authorities. Passwords
   * become secrets of the stack. @default - directly and without a name
   */
  readonly registries?: Registries<pulumi.Input<string>>;
  /** Scripts of your own before and after steps that change a host, by name, on every host. @default {} */
  readonly hooks?: Hooks<pulumi.Input<string>>;
  /** Images that every node holds beforehand: `demo` and `example` of keelson's examples, `traefik` for a gateway. @default [] */
  readonly extraImages?: readonly ExtraImage[];
  /**
   * Lets the control plane begin anew, empty, on a host that holds no data of the cluster. Only for a cluster that is
   * lost for certain.
   * @default false
   */
  readonly allowNewCluster?: boolean;
  /**
   * How Pulumi's Kubernetes provider reaches the API: directly, or through the SSH connections of the control-plane
   * hosts. keelson's own work always goes through them.
   * @default - "ssh" if a control-plane host is behind a bastion, or several are behind no common address ("nodeLocal");
   * else "direct"
   */
  readonly apiAccess?: "direct" | "ssh";
  /** With `apiAccess: "ssh"`, the port of 127.0.0.1 on which a run listens. @default - from 20000 to 29999, by cluster */
  readonly apiProxyPort?: number;
  /** What tells clusters apart: region, stage, kind of hardware. @default {} */
  readonly labels?: Readonly<Record<string, string>>;
  /** What the cluster offers to applications, beyond its Kubernetes version. @default {} */
  readonly profile?: Omit<Profile, "kubernetes">;
}

/** The hosts of a cluster, ready to be written into resources. */
export interface SshClusterHosts {
  readonly controlPlane: HostRecordArgs;
  /** How the control plane differs from kubeadm's. @default - not at all */
  readonly settings?: ControlPlaneSettings;
  readonly workers: Readonly<Record<string, SshWorker>>;
  /** How nodes find the API. @default - the one control-plane host's node address; with several, "nodeLocal" */
  readonly endpoint?: EndpointSpec<pulumi.Input<string>>;
  /** True if the hosts are destroyed together with the cluster. @default false */
  readonly disposable?: boolean;
}

export interface SshWorker extends LeavingArgs {
  readonly host: HostArgs;
  /** Another number makes the node anew. */
  readonly generation?: number;
}

/** Declares the resources that turn hosts into a cluster, as children of a component. */
export function declareCluster(
  parent: pulumi.ComponentResource,
  name: string,
  args: SshClusterArgs,
  given: SshClusterHosts,
): Cluster {
  const hosts = args.hooks === undefined ? given : withHooks(args.hooks, given);
  const cluster = describeCluster(name, args, hosts);
  const { clusterId, caCertificate, identity } = new ClusterIdentity(name, { name }, { parent });
  const workerHosts = mapValues(hosts.workers, ({ host }) => host);
  const all = { ...hosts.controlPlane, ...workerHosts };
  const { disposable = false } = hosts;
  const leaving = leavingOf(hosts.workers);
  const preflight = { cluster, clusterId, caCertificate, identity, hosts: all, disposable, leaving };
  const checked = new ClusterHosts(name, preflight, { parent });
  const child = { parent, deletedWith: checked };
  const { controlPlane } = hosts;
  const plane = new ControlPlane(
    name,
    {
      cluster,
      clusterId,
      identity,
      hosts: controlPlane,
      ahead: workerHosts,
      ...(args.allowNewCluster === undefined ? {} : { allowNewCluster: args.allowNewCluster }),
    },
    { ...child, dependsOn: checked },
  );
  const access = { cluster, clusterId, kubeconfig: plane.kubeconfig, controlPlane };
  const services = new ClusterServices(name, access, { ...child, dependsOn: plane });
  const workers = Object.entries(hosts.workers).map(([key, worker]) => {
    const inputs = { ...access, caCertificate, name: key, ...worker };
    return new WorkerNode(`${name}-${key}`, inputs, { ...child, dependsOn: services });
  });
  const settled = [services, ...workers];
  new ClusterEndpoint(name, { ...access, hosts: all }, { ...child, dependsOn: settled });
  const apiPort = apiPortOf(cluster.endpoint);
  const proxy = { ...child, name, identity, kubeconfig: plane.kubeconfig, apiPort, controlPlane };
  let provider: Provider | undefined;
  const openProvider = (): Provider => {
    const kubeconfig = reachableKubeconfig(args, cluster.endpoint, proxy);
    return apiProvider(name, kubeconfig, clusterId, { parent, dependsOn: settled });
  };
  return {
    name,
    labels: args.labels ?? {},
    kubeconfig: plane.kubeconfig,
    // Each is a process of its own, so there is one only if somebody wants it.
    get provider() {
      return (provider ??= openProvider());
    },
    profile: profileOf(cluster.kubernetes, { ...domainOf(cluster.network), ...args.profile }),
    clusterId,
    nodeAddresses: Object.fromEntries(
      Object.values(all).map(({ nodeName, nodeAddress }) => [nodeName, pulumi.output(nodeAddress)]),
    ),
    deletedWith: checked,
    digestKey: pulumi.secret(identity.apply(digestKeyOf)),
  };
}

/** Gives the cluster's hooks to every host; its own win, by name. */
function withHooks(hooks: Hooks<pulumi.Input<string>>, hosts: SshClusterHosts): SshClusterHosts {
  const hooked = (host: HostArgs): HostArgs => ({ ...host, hooks: { ...hooks, ...host.hooks } });
  return {
    ...hosts,
    controlPlane: mapValues(hosts.controlPlane, hooked),
    workers: mapValues(hosts.workers, (worker) => ({ ...worker, host: hooked(worker.host) })),
  };
}

function leavingOf(workers: SshClusterHosts["workers"]): Record<string, LeavingArgs> {
  const entries = Object.entries(workers).flatMap(([name, { drain }]) => (drain ? [[name, { drain }]] : []));
  return Object.fromEntries(entries) as Record<string, LeavingArgs>;
}

/** The kubeconfig with which Pulumi's Kubernetes provider gets there. */
function reachableKubeconfig(
  args: SshClusterArgs,
  { mode }: ClusterArgs["endpoint"],
  proxy: Omit<ApiProxyArgs, "port">,
): pulumi.Output<string> {
  const hosts = Object.values(proxy.controlPlane);
  const isBehind = hosts.some(({ connection }) => connection.bastion !== undefined);
  // A kubeconfig names one server, which may be the one that is dead.
  const isApart = mode === "nodeLocal" && hosts.length > 1;
  const { apiAccess = isBehind || isApart ? "ssh" : "direct", apiProxyPort } = args;
  return apiAccess === "ssh" ? proxiedKubeconfig({ ...proxy, port: apiProxyPort }) : proxy.kubeconfig;
}

/** The Kubernetes provider of one cluster. */
export function apiProvider(
  name: string,
  kubeconfig: pulumi.Input<string>,
  clusterIdentifier: pulumi.Input<string>,
  options: pulumi.CustomResourceOptions,
): Provider {
  const args = {
    kubeconfig,
    clusterIdentifier,
    enableServerSideApply: true,
    // Their names are fixed: a change is made in place, never by a moment without the object.
    enableConfigMapMutable: true,
    enableSecretMutable: true,
    kubeClientSettings: { timeout: apiTimeoutSeconds },
  };
  return new Provider(name, args, options);
}

/** What a cluster of that version offers. */
export function profileOf(kubernetes: string, more: Omit<Profile, "kubernetes"> = {}): Profile {
  const [major = "1", minor = "0"] = kubernetes.split(".");
  return { ...more, kubernetes: `${Number(major)}.${Number(minor)}` };
}

/** The usual domain need not be said. */
function domainOf({ dnsDomain }: Network): Pick<Profile, "dnsDomain"> {
  return dnsDomain === defaultNetwork.dnsDomain ? {} : { dnsDomain };
}

function describeCluster(name: string, args: SshClusterArgs, hosts: SshClusterHosts): ClusterArgs {
  const { kubernetes = defaultKubernetes, network, extraImages, proxy, registries } = args;
  const addresses = mapValues(hosts.controlPlane, ({ nodeAddress }) => nodeAddress);
  const endpoint = completeEndpoint(hosts.endpoint, addresses);
  const settings = hosts.settings && withoutUndefined(hosts.settings);
  const more = {
    ...(settings && Object.keys(settings).length > 0 && { controlPlane: settings }),
    ...(extraImages && { extraImages }),
    ...(proxy && { proxy: sealedProxy(proxy) }),
    ...(registries && { registries: mapValues(registries, sealedRegistry) }),
  };
  return { name, kubernetes, endpoint, network: { ...defaultNetwork, ...network }, ...more };
}

/** Who knows a proxy's address may know its password. */
function sealedProxy({
  http,
  https,
  noProxy = [],
}: Proxy<pulumi.Input<string>>): Proxy<pulumi.Input<string>> {
  return {
    ...(http !== undefined && { http: pulumi.secret(http) }),
    ...(https !== undefined && { https: pulumi.secret(https) }),
    noProxy,
  };
}

function sealedRegistry(registry: Registries<pulumi.Input<string>>[string]): typeof registry {
  const { mirrors } = registry;
  return { ...sealedAccess(registry), ...(mirrors && { mirrors: mirrors.map(sealedAccess) }) };
}

function sealedAccess<Access extends RegistryAccess<pulumi.Input<string>>>(access: Access): Access {
  const { auth } = access;
  return auth === undefined
    ? access
    : { ...access, auth: { ...auth, password: pulumi.secret(auth.password) } };
}

function withoutUndefined<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Value;
}
