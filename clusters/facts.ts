/** What a host is and holds, read in one go and without touching it. Plain data: it may be stored and compared. */
export interface HostFacts {
  readonly hostname: string;
  readonly machineId: string;
  /** Of the firmware; containers show their computer's. Empty where there is none. */
  readonly productUuid: string;
  readonly os: OperatingSystem;
  /** Kernel release, `6.1.0-18-amd64` for example. */
  readonly kernel: string;
  /** As Go and the bundle name it; other machines keep uname's word. */
  readonly arch: string;
  /** What `systemd-detect-virt` says: `none`, `kvm`, `systemd-nspawn` … */
  readonly virtualization: string;
  /** Whether pid 1 is systemd. */
  readonly systemd: boolean;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** The host's clock minus that of the computer which read it, in milliseconds. */
  readonly clockOffsetMs: number;
  /** The service that keeps the clock right, `chronyd` for example; empty if none runs. */
  readonly timeService: string;
  /** Whether cloud-init is still setting the host up. */
  readonly firstBoot: boolean;
  readonly addresses: readonly HostAddress[];
  readonly routes: readonly HostRoute[];
  readonly cgroupVersion: 1 | 2;
  /** Whether root has CAP_SYS_RESOURCE; containers often lack it. */
  readonly canRaiseLimits: boolean;
  readonly swap: SwapFacts;
  /** Kernel features by module name, for those that were asked about. */
  readonly kernelFeatures: Readonly<Record<string, KernelFeature>>;
  /** Current values of the sysctls that were asked about; one that the kernel does not have is absent. */
  readonly sysctls: Readonly<Record<string, { readonly value: string; readonly writable: boolean }>>;
  /** Which of the commands that were asked about exist. */
  readonly commands: readonly string[];
  readonly packages: PackageFacts;
  /** Router ids of the host's own keepalived. */
  readonly routerIds?: readonly number[];
  /** Whether the host resolves the names that it was asked about. */
  readonly resolves?: Readonly<Record<string, boolean>>;
  readonly security: SecurityFacts;
  readonly firewall: FirewallFacts;
  readonly names: NameFacts;
  readonly listening: readonly ListeningPort[];
  readonly disks: readonly DiskFacts[];
  /** How long a small write that must reach the disk of etcd takes, 99th percentile. Absent unless asked about. */
  readonly syncMs?: number;
  /** Files that keelson or kubeadm manages, by path. */
  readonly files: Readonly<Record<string, FileFacts>>;
  /** What containerd is told about registries, by path. Digests are there if asked about: a file may hold a password. */
  readonly registries?: Readonly<Record<string, RegistryFile>>;
  /** The program's own files. Absent unless asked about. */
  readonly hostFiles?: OwnedFilesFacts;
  /** Names of the program's hooks that have yet to run after what they wait for. Absent unless asked about. */
  readonly dueHooks?: readonly string[];
  /** systemd units that were asked about, by name. */
  readonly units: Readonly<Record<string, UnitFacts>>;
  /** Names of live transient units that a keelson run began: another run's, or a killed one's. */
  readonly running: readonly string[];
  /** The token of the cluster that owns the host. */
  readonly owner?: OwnerToken;
  readonly kubernetes: KubernetesFacts;
  readonly images: ImageFacts;
  /** What clusters leave behind: folders, mounts, links, namespaces, firewall tables. Empty unless asked about. */
  readonly traces: readonly string[];
}

export interface OperatingSystem {
  /** `ID` of os-release, `debian` for example. */
  readonly id: string;
  readonly versionId: string;
  readonly name: string;
  /** What it descends from, as far as keelson knows it. */
  readonly family: "debian" | "redhat" | "suse" | "other";
}

export interface HostAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
  /** Of the interface, in bytes. */
  readonly mtu: number;
}

export interface HostRoute {
  /** CIDR, or `default`. */
  readonly destination: string;
  readonly interface: string;
}

/** `loaded` and `loadable` features are modules; a reboot unloads them unless they are listed for loading. */
export type KernelFeature = "builtin" | "loaded" | "loadable" | "missing";

export interface SwapFacts {
  readonly active: readonly string[];
  /** What switches swap on at the next boot: lines of fstab, names of units. */
  readonly configured: readonly string[];
}

export interface PackageFacts {
  /** The package manager that keelson can drive. */
  readonly manager: "apt" | "dnf" | "zypper" | "none";
  /** Whether an earlier installation was cut off and must be completed first. */
  readonly interrupted: boolean;
  /** Processes that hold its locks, `apt-get (812)` for example. Looked for only while a command is missing. */
  readonly holders: readonly string[];
}

export interface SecurityFacts {
  readonly selinux: "enforcing" | "permissive" | "disabled";
  /** Whether SELinux has a policy for containers. */
  readonly containerPolicy: boolean;
  readonly apparmor: boolean;
  /** Tables of the legacy iptables, which filter beside nftables. */
  readonly legacyTables: readonly string[];
}

/** The host's own firewall. */
export interface FirewallFacts {
  /** The one that is switched on. */
  readonly manager: "ufw" | "firewalld" | "none";
  /** What it lets in for good, `tcp 6443` or `any from 10.0.0.0/8` for example, by zone; ufw has the zone "". */
  readonly open: Readonly<Record<string, readonly string[]>>;
  /** firewalld's zone of each interface, and under "" the default one. */
  readonly zones: Readonly<Record<string, string>>;
}

/** How names are resolved. */
export interface NameFacts {
  /** IPv4 addresses of `localhost`. */
  readonly localhost: readonly string[];
  /** Of /etc/resolv.conf. */
  readonly nameservers: readonly string[];
  /** The file with the name servers behind systemd-resolved; empty without it. */
  readonly upstream: string;
}

export interface ListeningPort {
  readonly port: number;
  /** Command name; empty if it cannot be seen. */
  readonly process: string;
}

export interface DiskFacts {
  readonly path: string;
  readonly device: string;
  readonly sizeMiB: number;
  readonly freeMiB: number;
}

export interface FileFacts {
  readonly sha256: string;
  /** Octal permissions, `600` for example. */
  readonly mode: string;
}

export interface OwnedFilesFacts {
  /** Those that are there, by path. */
  readonly found: Readonly<Record<string, FileFacts>>;
  /** Paths that the program wants or once wanted: what is there is its own, and what was there before is beside it. */
  readonly owned: readonly string[];
}

export interface RegistryFile extends FileFacts {
  /** Whether keelson wrote it. */
  readonly isOurs: boolean;
}

export interface UnitFacts {
  readonly active: boolean;
  readonly enabled: boolean;
  /** Whether one of its files changed after it was started, or systemd must read the unit again. */
  readonly stale: boolean;
}

/** The file `/etc/keelson/owner.json`: to whom a host belongs. */
export interface OwnerToken {
  readonly clusterId: string;
  readonly clusterName: string;
  /** The logical name under which the host is declared. Missing from tokens of the first release. */
  readonly name?: string;
  readonly nodeName: string;
  readonly role: "controlPlane" | "worker";
  /** The version that the host was brought up with. */
  readonly kubernetes: string;
}

export interface KubernetesFacts {
  /** SHA-256 of the DER form of `/etc/kubernetes/pki/ca.crt`, lower-case hex. */
  readonly caSha256?: string;
  /** Whether the kubelet has credentials: its kubeconfig, which is there earlier, and the certificate that this names. */
  readonly kubeletConf: boolean;
  readonly bootstrapKubeletConf: boolean;
  readonly adminConf: boolean;
  /** Names of the files in `/etc/kubernetes/manifests`. */
  readonly manifests: readonly string[];
  readonly etcdData: boolean;
  /** The cluster whose initialisation was completed on this host. */
  readonly initialized?: string;
  /** The server that each kubeconfig of the host's own clients names, by path. */
  readonly servers?: Readonly<Record<string, string>>;
  /** The names and addresses in the API server's certificate. */
  readonly apiNames?: readonly string[];
  /** When each certificate of the host's own programs ends, ISO 8601, by path; empty for one that cannot be read. */
  readonly certificates?: Readonly<Record<string, string>>;
  /** What the manifests of etcd and the control plane's components say, by their names. Absent unless asked about. */
  readonly staticPods?: Readonly<Record<string, StaticPodFacts>>;
  /** The kubelet's configuration. Absent unless asked about, or before the host joined. */
  readonly kubelet?: KubeletFacts | undefined;
  /** Names that the program once wanted in the API server's certificate. */
  readonly certSans?: readonly string[];
  /** Whether the API server of this host answers that it is ready. */
  readonly apiReady: boolean;
  /** Whether the kubelet of this host answers that it is healthy. */
  readonly kubeletHealthy: boolean;
}

export interface KubeletFacts {
  /** The configuration that it is started with. */
  readonly live: Readonly<Record<string, unknown>>;
  /** The program's settings that it was last made with. */
  readonly noted: Readonly<Record<string, unknown>>;
  /** True while a change is not known to work: the former configuration is still kept. */
  readonly isUnproven: boolean;
}

/** A component of the control plane, as its manifest has the kubelet run it. */
export interface StaticPodFacts {
  /** Flags without dashes, each with its values in their order. */
  readonly args: Readonly<Record<string, readonly string[]>>;
  readonly volumes: readonly StaticPodVolume[];
  /** The digest of the program's patch that it was made with; empty without one. */
  readonly patch: string;
  /** True while a change is not known to work: its former manifest is still kept. */
  readonly isUnproven: boolean;
}

export interface StaticPodVolume {
  readonly name: string;
  readonly hostPath: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  /** Empty for any. */
  readonly pathType: string;
}

export interface ImageFacts {
  /** Names in containerd's `k8s.io` namespace; empty while containerd does not run. */
  readonly names: readonly string[];
  /** SHA-256 of the image archives that were imported completely. */
  readonly archives: readonly string[];
}
