import * as pulumi from "@pulumi/pulumi";
import type { Cluster, Taint } from "../clusters/cluster.ts";
import type { Endpoint } from "../clusters/endpoint.ts";
import type { Proxy } from "../clusters/proxy.ts";
import type { Identity } from "../clusters/identity.ts";
import type { Registries } from "../clusters/settings/registries.ts";
import type { Hooks } from "../clusters/settings/hooks.ts";
import type { HostFiles } from "../clusters/settings/host-files.ts";
import type { KubeletSettings } from "../clusters/settings/kubelet.ts";
import type { DrainPolicy } from "../kube/drain-blockers.ts";
import type { ExtraImage } from "../toolchain/image-recipes.ts";
import { hideResponses } from "./debug-log.ts";
import { version } from "./provider/version.ts";

hideResponses();

/** How to reach a host over SSH. Keys and passwords become secrets of the stack. */
export interface ConnectionArgs {
  /** Host name or IP address that SSH dials. */
  readonly address: pulumi.Input<string>;
  /** @default 22 */
  readonly port?: pulumi.Input<number>;
  /** @default "root" */
  readonly user?: pulumi.Input<string>;
  /** OpenSSH or PEM private key. @default - the SSH agent of the person who runs the program */
  readonly privateKey?: pulumi.Input<string>;
  /** Opens an encrypted private key. */
  readonly passphrase?: pulumi.Input<string>;
  /** The OpenSSH user certificate of the private key. @default - the key by itself */
  readonly certificate?: pulumi.Input<string>;
  /** Answers the prompt of sudo. @default - sudo or doas without a password */
  readonly sudoPassword?: pulumi.Input<string>;
  /** The host's public key, `ssh-ed25519 AAAA…`. @default - the first contact pins the key */
  readonly hostKey?: pulumi.Input<string>;
  /** The host through which this one is dialled, with its own user, port and key. */
  readonly bastion?: ConnectionArgs;
  /**
   * Whether what is not set here comes from the OpenSSH configuration of whoever runs the program, as for
   * `ssh <address>`. It is looked up in every run and never stored.
   * @default false
   */
  readonly sshConfig?: pulumi.Input<boolean>;
}

/** A host as the resources of a cluster take it. */
export interface HostArgs {
  readonly role: "controlPlane" | "worker";
  readonly nodeName: string;
  readonly nodeAddress: pulumi.Input<string>;
  readonly mirror?: pulumi.Input<string>;
  /** Another number makes sure that the node is healthy again. */
  readonly starts?: pulumi.Input<number>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly kubelet?: KubeletSettings;
  /** Files of the program's own, by absolute path. */
  readonly files?: HostFiles<pulumi.Input<string>>;
  /** Scripts before and after steps that change the host. */
  readonly hooks?: Hooks<pulumi.Input<string>>;
  readonly connection: ConnectionArgs;
}

export type HostRecordArgs = Readonly<Record<string, HostArgs>>;

/** A cluster whose endpoint may not be known before its machines are. */
export interface ClusterArgs extends Omit<Cluster, "endpoint" | "proxy" | "registries"> {
  /** Passwords are secrets. */
  readonly registries?: Registries<pulumi.Input<string>>;
  /** Its addresses are secrets. */
  readonly proxy?: Proxy<pulumi.Input<string>>;
  readonly endpoint: Endpoint<pulumi.Input<string>>;
  /** Images beside Kubernetes' own that every node holds. @default [] */
  readonly extraImages?: readonly ExtraImage[];
}

export interface LocalMachineArgs {
  /** Unique on this computer; also the host name. */
  readonly name: string;
  /** Machines of one fleet share a network. */
  readonly fleet: string;
}

/** A host on this computer, with systemd and sshd and nothing else. */
export class LocalMachine extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;
  declare readonly user: pulumi.Output<string>;
  /** A secret. */
  declare readonly privateKey: pulumi.Output<string>;
  declare readonly hostKey: pulumi.Output<string>;
  /** Base address of the fleet's HTTP mirror. */
  declare readonly mirror: pulumi.Output<string>;
  /** How often it was started. */
  declare readonly starts: pulumi.Output<number>;

  constructor(name: string, args: LocalMachineArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["address", "port", "user", "privateKey", "hostKey", "mirror", "starts"];
    super("keelson:index:LocalMachine", name, withOutputs(args, outputs), versioned(options));
  }
}

/** A cluster's certificate authorities and keys. Made once. */
export class ClusterIdentity extends pulumi.CustomResource {
  declare readonly clusterId: pulumi.Output<string>;
  declare readonly caCertificate: pulumi.Output<string>;
  /** A secret. */
  declare readonly identity: pulumi.Output<Identity>;

  constructor(name: string, args: { readonly name: string }, options?: pulumi.CustomResourceOptions) {
    const outputs = ["clusterId", "caCertificate", "identity"];
    super("keelson:index:ClusterIdentity", name, withOutputs(args, outputs), versioned(options));
  }
}

export interface ClusterHostsArgs {
  readonly cluster: ClusterArgs;
  readonly clusterId: pulumi.Input<string>;
  readonly caCertificate: pulumi.Input<string>;
  readonly hosts: HostRecordArgs;
  /** True if the hosts are destroyed together with the cluster. @default false */
  readonly disposable?: boolean;
  /** Opens the API, to tell what a removal would move and to hold the cluster while it ends. */
  readonly identity: pulumi.Input<Identity>;
  /** How workers leave, by name. */
  readonly leaving: Readonly<Record<string, LeavingArgs>>;
}

/** The preflight of a cluster: all problems of all its hosts in one error; and its end: it resets them all. */
export class ClusterHosts extends pulumi.CustomResource {
  constructor(name: string, args: ClusterHostsArgs, options?: pulumi.CustomResourceOptions) {
    const inputs = { ...args, hosts: sealed(args.hosts), identity: pulumi.secret(args.identity) };
    super("keelson:index:ClusterHosts", name, inputs, versioned(options));
  }
}

export interface ControlPlaneArgs {
  readonly cluster: ClusterArgs;
  readonly clusterId: pulumi.Input<string>;
  readonly identity: pulumi.Input<Identity>;
  readonly hosts: HostRecordArgs;
  /** Workers: while a new cluster begins they are prepared as far as they get without it, and its services applied. @default {} */
  readonly ahead?: HostRecordArgs;
  /** Lets the cluster begin anew although it was up before. @default false */
  readonly allowNewCluster?: boolean;
}

/** All control-plane hosts of a cluster, as one. */
export class ControlPlane extends pulumi.CustomResource {
  /** Admin access through the endpoint. A secret. */
  declare readonly kubeconfig: pulumi.Output<string>;
  /** When the admin certificate ends, ISO 8601. */
  declare readonly expires: pulumi.Output<string>;

  constructor(name: string, args: ControlPlaneArgs, options?: pulumi.CustomResourceOptions) {
    const inputs = {
      ...args,
      hosts: sealed(args.hosts),
      ahead: sealed(args.ahead ?? {}),
      identity: pulumi.secret(args.identity),
    };
    super(
      "keelson:index:ControlPlane",
      name,
      withOutputs(inputs, ["kubeconfig", "expires"]),
      versioned(options),
    );
  }
}

export interface ClusterServicesArgs {
  readonly cluster: ClusterArgs;
  readonly clusterId: pulumi.Input<string>;
  readonly kubeconfig: pulumi.Input<string>;
  readonly controlPlane: HostRecordArgs;
}

/** What a cluster runs for itself: pod network, DNS, service proxy. */
export class ClusterServices extends pulumi.CustomResource {
  constructor(name: string, args: ClusterServicesArgs, options?: pulumi.CustomResourceOptions) {
    const { kubeconfig, controlPlane } = args;
    const inputs = { ...args, kubeconfig: pulumi.secret(kubeconfig), controlPlane: sealed(controlPlane) };
    super("keelson:index:ClusterServices", name, inputs, versioned(options));
  }
}

/** How a worker leaves its cluster. */
export interface LeavingArgs {
  /** What a removal may do to the pods. @default - five minutes to leave; nothing is forced */
  readonly drain?: DrainPolicy;
  /** How many workers of the pool may be away at once. @default 1 */
  readonly maxUnavailable?: number;
}

export interface ClusterEndpointArgs extends ClusterServicesArgs {
  /** All hosts of the cluster. */
  readonly hosts: HostRecordArgs;
}

/** The end of a move to another endpoint, after all nodes. */
export class ClusterEndpoint extends pulumi.CustomResource {
  constructor(name: string, args: ClusterEndpointArgs, options?: pulumi.CustomResourceOptions) {
    const { kubeconfig, controlPlane, hosts } = args;
    const secrets = { kubeconfig: pulumi.secret(kubeconfig), controlPlane: sealed(controlPlane) };
    const inputs = { ...args, ...secrets, hosts: sealed(hosts) };
    super("keelson:index:ClusterEndpoint", name, inputs, versioned(options));
  }
}

export interface WorkerNodeArgs extends ClusterServicesArgs, LeavingArgs {
  readonly caCertificate: pulumi.Input<string>;
  /** The host's logical name. */
  readonly name: string;
  readonly host: HostArgs;
  /** Another number makes the node anew. */
  readonly generation?: number;
}

/** One host of a pool as a node of the cluster. */
export class WorkerNode extends pulumi.CustomResource {
  constructor(name: string, args: WorkerNodeArgs, options?: pulumi.CustomResourceOptions) {
    const { kubeconfig, controlPlane, host } = args;
    const secrets = { kubeconfig: pulumi.secret(kubeconfig), controlPlane: sealed(controlPlane) };
    super(
      "keelson:index:WorkerNode",
      name,
      { ...args, ...secrets, host: sealedHost(host) },
      versioned(options),
    );
  }
}

/** A provider of its own that listens for those who want to reach a cluster's API through the cluster's hosts. */
export class ApiProxyProvider extends pulumi.ProviderResource {
  constructor(
    name: string,
    args: { readonly apiProxy: pulumi.Input<string> },
    options?: pulumi.ResourceOptions,
  ) {
    super("keelson", name, args, versioned(options));
  }
}

/** A kubeconfig that leads through the listener of its own provider. */
export class ApiProxy extends pulumi.CustomResource {
  /** A secret. */
  declare readonly kubeconfig: pulumi.Output<string>;

  constructor(
    name: string,
    args: { readonly kubeconfig: pulumi.Input<string>; readonly proxyUrl: pulumi.Input<string> },
    options?: pulumi.CustomResourceOptions,
  ) {
    super("keelson:index:ApiProxy", name, { ...args }, versioned(options));
  }
}

/** Asks for the provider of this very package. */
export function versioned(options: pulumi.CustomResourceOptions | undefined): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions({ version }, options);
}

/** Pulumi makes a property of a resource an Output only if it is named among the inputs. */
export function withOutputs(inputs: object, names: readonly string[]): pulumi.Inputs {
  return { ...Object.fromEntries(names.map((name) => [name, undefined])), ...inputs };
}

function sealed(hosts: HostRecordArgs): pulumi.Inputs {
  return Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, sealedHost(host)]));
}

function sealedHost(host: HostArgs): pulumi.Inputs {
  return { ...host, connection: sealedConnection(host.connection) };
}

function sealedConnection(connection: ConnectionArgs): pulumi.Inputs {
  const { privateKey, passphrase, sudoPassword, bastion, ...open } = connection;
  const secrets = Object.entries({ privateKey, passphrase, sudoPassword }).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, pulumi.secret(value)] as const],
  );
  return {
    ...open,
    ...Object.fromEntries(secrets),
    ...(bastion === undefined ? {} : { bastion: sealedConnection(bastion) }),
  };
}
