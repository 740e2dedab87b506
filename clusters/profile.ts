/** What a cluster offers to the applications on it. Plain data: the platform team declares it, constructs read it. */
export interface Profile {
  /** Minor version of Kubernetes, `1.35` for example. */
  readonly kubernetes: `${number}.${number}`;
  /** The Pod Security level that the namespaces of applications enforce. @default "restricted" */
  readonly podSecurity?: PodSecurityLevel;
  /** Storage classes by intent. @default - the cluster offers no volumes */
  readonly storage?: Readonly<Partial<Record<StorageIntent, string>>>;
  /** The Gateway that carries outside traffic. @default - none */
  readonly gateway?: { readonly name: string; readonly namespace: string };
  /** Where metrics are scraped from, and the labels that its monitors must carry. @default - nothing scrapes */
  readonly monitoring?: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  /** The service mesh that injects its proxies. @default - none */
  readonly mesh?: "istio" | "linkerd";
}

/** A level of the Pod Security Standards. */
export type PodSecurityLevel = "restricted" | "baseline" | "privileged";

/** What a volume is for; the profile says which storage class serves it. */
export type StorageIntent = "standard" | "fast" | "shared";
