import { KeelsonError } from "../errors.ts";

/** What belongs to one Kubernetes version: the parts that kubeadm of that version expects, without leading `v`. */
export interface KubernetesRelease {
  readonly kubernetes: string;
  readonly etcd: string;
  /** The suffix that kubeadm's etcd image tag has after the version, `-0` for example. */
  readonly etcdSuffix: string;
  readonly coredns: string;
  readonly pause: string;
}

const releases: readonly KubernetesRelease[] = [
  { kubernetes: "1.35.4", etcd: "3.6.6", etcdSuffix: "-0", coredns: "1.13.1", pause: "3.10.1" },
  { kubernetes: "1.36.3", etcd: "3.6.8", etcdSuffix: "-0", coredns: "1.14.2", pause: "3.10.2" },
];

/** The Kubernetes version that is used when none is asked for. */
export const defaultKubernetes = "1.35.4";

/** Versions of everything that does not follow Kubernetes' version, without leading `v`. */
export const versions = {
  pulumi: "3.259.0",
  /** The last language host that is a Go module; newer ones come with the official download of Pulumi. */
  pulumiLanguageNodejs: "3.60.0",
  pulumiKubernetes: "4.25.0",
  containerd: "2.3.7",
  runc: "1.4.0",
  cniPlugins: "1.9.1",
  flannel: "0.28.4",
  calico: "3.29.5",
  traefik: "3.6.12",
  demo: "1",
  example: "1",
} as const;

/** The Kubernetes versions that a bundle can be made for. */
export const kubernetesVersions: readonly string[] = releases.map(({ kubernetes }) => kubernetes);

/** The parts of a Kubernetes version, written with or without a leading `v`. Throws KEELSON_ARTIFACT_UNAVAILABLE. */
export function releaseOf(version: string): KubernetesRelease {
  const wanted = version.replace(/^v/, "");
  const release = releases.find(({ kubernetes }) => kubernetes === wanted);
  if (release) return release;
  throw new KeelsonError(
    "KEELSON_ARTIFACT_UNAVAILABLE",
    `Cannot prepare Kubernetes "${version}": available are ${kubernetesVersions.map((known) => `"${known}"`).join(", ")}`,
  );
}
