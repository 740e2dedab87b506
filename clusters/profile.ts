import type { Taint } from "./cluster.ts";

/** What a cluster offers to the applications on it. Plain data: the platform team declares it, constructs read it. */
export interface Profile {
  /** Minor version of Kubernetes, `1.35` for example. */
  readonly kubernetes: `${number}.${number}`;
  /** The Pod Security level that the namespaces of applications enforce. @default "restricted" */
  readonly podSecurity?: PodSecurityLevel;
  /** Storage by intent: the name of a StorageClass, and what is known of it. @default - nobody has said what there is */
  readonly storage?: Readonly<Record<string, string | StorageOffer>>;
  /** The nodes that run applications, by pool. @default - not known */
  readonly nodes?: Readonly<Record<string, NodePool>>;
  /** The Gateway that carries outside traffic. @default - none */
  readonly gateway?: GatewayProfile;
  /** The ingress controller that carries it where there is no Gateway. @default - none */
  readonly ingress?: IngressProfile;
  /** Where the secrets of applications are kept, and what brings them to pods. @default - nothing does */
  readonly secrets?: SecretsProfile;
  /** What reads metrics. @default - nothing does */
  readonly monitoring?: MonitoringProfile;
  /**
   * How services answer in the other clusters of a set: a controller of the Multi-Cluster Services API (`mcs`), or ports
   * of the nodes with names that keelson adds to CoreDNS (`nodePort`). @default - not at all
   */
  readonly clusterSet?: ClusterSetImplementation;
  /** The domain of the cluster's own names in DNS. @default "cluster.local" */
  readonly dnsDomain?: string;
  /** The service mesh that injects its proxies. @default - none */
  readonly mesh?: "istio" | "linkerd";
}

/** A Gateway of the Gateway API. It must let the namespaces of applications attach their routes. */
export interface GatewayProfile {
  readonly name: string;
  readonly namespace: string;
  /** The listener that routes attach to. @default - all that fit */
  readonly listener?: string;
  /** The namespace of the proxies, from which requests come. @default - that of the Gateway */
  readonly proxies?: string;
}

/** A controller of Ingress objects. */
export interface IngressProfile {
  /** The name of its IngressClass. */
  readonly className: string;
  /** The namespace of its proxies, from which requests come. */
  readonly namespace: string;
  /** The ClusterIssuer of cert-manager that makes certificates. @default - the controller's own certificate */
  readonly issuer?: string;
}

/** What brings secrets from a store to pods. */
export type SecretsProfile = ExternalSecrets | CsiSecrets;

/** External Secrets, which keeps Secrets in the cluster. */
export interface ExternalSecrets {
  readonly by: "external-secrets";
  /** The name of its store. */
  readonly store: string;
  /** @default "ClusterSecretStore" */
  readonly kind?: "ClusterSecretStore" | "SecretStore";
}

/** The secrets store CSI driver, which gives pods files and keeps nothing in the cluster. */
export interface CsiSecrets {
  readonly by: "csi";
  readonly provider: "vault" | "aws" | "gcp";
  /** Parameters of the provider beside the list of secrets, `{ vaultAddress, roleName }` for example. @default - none */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A Prometheus and where it runs. */
export interface MonitoringProfile {
  readonly namespace: string;
  /** The labels that monitors must carry to be seen. */
  readonly labels: Readonly<Record<string, string>>;
  /** How it finds pods: by monitors of the Prometheus operator, or by annotations of the pods. @default "monitors" */
  readonly finds?: "monitors" | "annotations";
}

/** What brings a service of one cluster to the others of its set. */
export type ClusterSetImplementation = "mcs" | "nodePort";

/** A level of the Pod Security Standards. */
export type PodSecurityLevel = "restricted" | "baseline" | "privileged";

/** What a volume is for; the profile says which storage class serves it. The three words that most clusters know, or another. */
export type StorageIntent = "standard" | "fast" | "shared" | (string & NonNullable<unknown>);

/** A StorageClass, and what its volumes can do. */
export interface StorageOffer {
  /** The name of the StorageClass. */
  readonly storageClass: string;
  /** How its volumes can be mounted; a volume that does not say gets the first. @default ["ReadWriteOnce"] */
  readonly accessModes?: readonly AccessMode[];
  /** Whether its volumes may grow, `allowVolumeExpansion`. @default - not known */
  readonly expandable?: boolean;
}

/** Who may mount a volume at once: one pod, the pods of one node, or pods of many nodes. */
export type AccessMode = "ReadWriteOncePod" | "ReadWriteOnce" | "ReadOnlyMany" | "ReadWriteMany";

/** Nodes that are alike. Amounts are what is left for pods, the `allocatable` of a node. */
export interface NodePool {
  /** How many nodes there are; with a cluster autoscaler, how many there may be. */
  readonly count: number;
  /** Cores of a node. */
  readonly cpu: number;
  readonly memory: `${number}${"Mi" | "Gi" | "Ti"}`;
  /** @default 110 */
  readonly pods?: number;
  /** Disk for images' writable layers, logs and empty directories. @default - not known, so never short */
  readonly ephemeralStorage?: `${number}${"Mi" | "Gi" | "Ti"}`;
  /** Whole devices by resource name, `{ "nvidia.com/gpu": 4 }` for example. @default - none */
  readonly devices?: Readonly<Record<string, number>>;
  /** @default - none beyond those of every node */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly taints?: readonly Taint[];
  /** The zones that the nodes are spread over evenly. @default - one zone */
  readonly zones?: readonly string[];
}
