import type { Cluster, ClusterHost } from "../clusters/cluster.ts";
import type { HostFacts } from "../clusters/facts.ts";
import type { Identity } from "../clusters/identity.ts";
import type { DrainPolicy } from "../kube/drain-blockers.ts";
import type { Connection, RunnerPool } from "../remote/runner.ts";
import type { Bundle } from "../toolchain/bundle.ts";
import type { HostWarning } from "./host-warnings.ts";

/** One change to one host, in words: what a preview lists and an update does. */
export interface Intent {
  readonly host: string;
  readonly what: string;
  /** In a preview, true for a host that does not exist yet: it was taken to be blank. @default false */
  readonly isAssumed?: true;
}

/** What one run works with, whoever started it: a Pulumi step, a script, a test. */
export interface Operation {
  readonly pool: RunnerPool;
  readonly signal: AbortSignal;
  /** True: read, judge and list intents, touch nothing. */
  readonly preview: boolean;
  /** One line of progress about a host (or about the cluster, with its name). Masked by the caller's writer. */
  readonly log: (host: string, line: string) => void;
  /** Hears every intent when its change begins, or, in a preview, instead of its change. */
  readonly onIntent: (intent: Intent) => void;
  /** Hears the title of every phase that is about to change a host. */
  readonly onPhase?: (host: string, title: string) => void;
  /** Hears why the live state could not be looked at: a host or the API does not answer. */
  readonly onSilence?: (why: string) => void;
  /** Hears what is worth knowing about hosts that are inspected. */
  readonly onWarning?: (warning: HostWarning) => void;
  /** The verified bundle of a version; in a preview it may be called too. */
  readonly bundle: (kubernetes: string) => Promise<Bundle>;
}

/** A host and how to reach it. `connection` is undefined while its address is unknown: then it is judged as blank. */
export interface ReachableHost extends ClusterHost {
  readonly connection: Connection | undefined;
}

/**
 * Reads all given hosts in parallel and judges them together with facts that are known of others.
 *
 * @throws ProblemsError with every problem of every host; nothing was touched
 */
export type InspectHosts = (
  operation: Operation,
  request: {
    readonly cluster: Cluster;
    readonly identity: Pick<Identity, "clusterId"> & { readonly caCertificate: string };
    readonly hosts: readonly ReachableHost[];
    /** All hosts of the cluster. @default - the ones that are read */
    readonly declared?: readonly ClusterHost[];
    /** Facts recorded by earlier runs for hosts that this run does not touch. */
    readonly known: Readonly<Record<string, HostFacts>>;
    /** Names of hosts that may be silent because this run starts or removes them. */
    readonly maySilent?: readonly string[];
  },
) => Promise<Readonly<Record<string, HostFacts>>>;

export interface ControlPlaneState {
  /** Admin access through the endpoint. A secret. */
  readonly kubeconfig: string;
  readonly caCertificate: string;
  /** When the admin certificate ends, ISO 8601. */
  readonly expires: string;
  /** What could not be tidied of hosts that left, in words. @default [] */
  readonly left?: readonly string[];
}

/** Brings all control-plane hosts to the wanted state; resumes, repairs, or does nothing. */
export type ApplyControlPlane = (
  operation: Operation,
  request: {
    readonly cluster: Cluster;
    readonly identity: Identity;
    readonly hosts: readonly ReachableHost[];
    /** Hosts that were of the control plane before and shall leave it; a dead one is no obstacle. @default [] */
    readonly removed?: readonly ReachableHost[];
    /** True if the cluster was up before: then a host without its data is no place to begin. @default false */
    readonly exists?: boolean;
    /** Lets a cluster begin anew although it was up before. @default false */
    readonly allowNewCluster?: boolean;
    /**
     * The workers that follow in the same run. While a new cluster begins they are prepared, its services are applied, and
     * they join as soon as they can. @default - nothing follows
     */
    readonly ahead?: readonly ReachableHost[];
  },
) => Promise<ControlPlaneState>;

/** How the API of a cluster is reached: with the admin kubeconfig, through a living control-plane host's SSH. */
export interface ClusterAccess {
  readonly kubeconfig: string;
  readonly controlPlane: readonly ReachableHost[];
  /** Where the API servers listen. @default 6443 */
  readonly apiPort?: number;
}

/** Pod network, CoreDNS, kube-proxy, kubeadm-config. */
export type ApplyClusterServices = (
  operation: Operation,
  request: { readonly cluster: Cluster; readonly access: ClusterAccess },
) => Promise<void>;

/**
 * Ends the move to another endpoint, after the control plane and all workers were led to it: services and records
 * follow, then what kept the former one goes. Resolves with the names of hosts that are silent and keep what they have.
 */
export type SettleEndpoint = (
  operation: Operation,
  request: {
    readonly cluster: Cluster;
    readonly clusterId: string;
    readonly access: ClusterAccess;
    readonly hosts: readonly ReachableHost[];
  },
) => Promise<readonly string[]>;

export interface WorkerRequest {
  readonly cluster: Cluster;
  readonly clusterId: string;
  readonly caCertificate: string;
  readonly access: ClusterAccess;
  readonly host: ReachableHost;
  /** What a removal may do to the pods. */
  readonly drain?: DrainPolicy;
  /** How many workers of the host's pool may be away at once. @default 1 */
  readonly maxUnavailable?: number;
  /** In a preview, true if the host will be reset before it is brought up: it is judged as it will be then. @default false */
  readonly afterReset?: boolean;
}

/** Brings one worker to Ready. Touches this host and one control-plane host's API only. */
export type ApplyWorker = (operation: Operation, request: WorkerRequest) => Promise<void>;

/**
 * Drains (if the API answers and another schedulable node exists; blockers are named first), resets the host if it is ours, removes the Node.
 * Resolves with what it could not tidy, in words; nothing if all is gone.
 */
export type RemoveWorker = (operation: Operation, request: WorkerRequest) => Promise<readonly string[]>;

/**
 * Ends a cluster: resets all hosts that carry the owner token, in parallel; silent ones are passed over after a short
 * deadline and returned by name.
 */
export type ResetHosts = (
  operation: Operation,
  request: { readonly clusterId: string; readonly hosts: readonly ReachableHost[] },
) => Promise<{ readonly reset: readonly string[]; readonly silent: readonly string[] }>;

/**
 * What an apply would change now, judged on the live cluster: the same plan as in a preview. For a worker the API is
 * asked first and the host is read only if its Node is missing, not Ready or differs. Undefined if nothing answered.
 */
export type PendingWork = readonly Intent[] | undefined;
