import { quote } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { hooksPart } from "../hooks/hooked.ts";
import { hostFileLists, hostFilesPart } from "../host-files/facts.ts";
import { registriesPart } from "../registries/facts.ts";
import { kubeletSettingsFiles } from "../kubelet-settings/facts.ts";
import { packagedCommands } from "../packages/managers.ts";
import { sysctlPath } from "../sysctl-path.ts";
import { certificatesPart } from "./certificates.ts";
import { digestsFunction } from "./digests.ts";
import { firewallPart } from "./firewall.ts";
import { firstBootPart, lockHolders } from "./first-boot.ts";
import { kernelPart } from "./kernel.ts";
import type { KnownKernel } from "./kernel.ts";
import { hasKubeletCertificate } from "./kubelet-certificate.ts";
import { listedUnitsPart } from "./listed-units.ts";
import { staticPodFiles } from "../static-pods/facts.ts";
import { surroundingFiles, surroundingsPart, timeServices } from "./surroundings.ts";
import { swapFiles, swapPart } from "./swap.ts";
import { syncPart } from "./sync-latency.ts";
import { unitsPart } from "./units.ts";
import { wholeFilesPart } from "./whole-files.ts";
import type { WholeFile } from "./whole-files.ts";

/** What a look at a host asks for, beyond what every look reads. */
export interface FactsRequest {
  /** Files whose checksum and mode are wanted. */
  readonly files: readonly string[];
  /** Units, each with the files that it must be newer than. */
  readonly units: Readonly<Record<string, readonly string[]>>;
  /** Whether to read what the kubelet and the control plane's components run with. @default false */
  readonly settings?: boolean;
  /** Files of the program's own; read with the settings. @default [] */
  readonly hostFiles?: readonly string[];
  /** Whether to look for what a cluster leaves behind. @default false */
  readonly traces?: boolean;
  /** Names whose resolution is tried. @default [] */
  readonly names?: readonly string[];
  /** Whether to measure, for less than a second, how fast the disk of a blank host syncs. Writes a file for it. @default false */
  readonly syncLatency?: boolean;
  /** What an earlier look has found out about the host's kernel. @default - nothing */
  readonly kernel?: KnownKernel;
}

/** Commands that some phase may need. */
export const askedCommands = [
  ...packagedCommands,
  "apparmor_parser",
  "apt-get",
  "curl",
  "dnf",
  "haproxy",
  "ip",
  "keepalived",
  "needrestart",
  "ss",
  "zypper",
];

export const askedSysctls = [
  "net.ipv4.ip_forward",
  "net.bridge.bridge-nf-call-iptables",
  "net.bridge.bridge-nf-call-ip6tables",
  "net.netfilter.nf_conntrack_max",
  "fs.inotify.max_user_instances",
  "fs.inotify.max_user_watches",
];

/**
 * The script that reads a host, of whatever distribution. It needs a POSIX shell, coreutils, findutils and iproute2,
 * changes nothing, and prints sections that begin with a record separator and their name.
 */
export function factsScript(request: FactsRequest): string {
  const {
    files,
    units,
    names = [],
    settings = false,
    hostFiles = [],
    traces = false,
    syncLatency = false,
    kernel,
  } = request;
  return [
    `look() {`,
    `section() { printf '\\036%s\\n' "$1"; }`,
    `list() { for f in "$1"/*; do [ -e "$f" ] && printf '%s\\n' "\${f##*/}"; done; }`,
    digestsFunction,
    identityPart,
    wholeFilesPart([...usualFiles, ...(settings ? settingsFiles : [])]),
    swapPart,
    firstBootPart,
    listPart(),
    surroundingsPart,
    firewallPart,
    kernelPart(kernel),
    sysctlsPart,
    `\nsection files; digests ${files.map(quote).join(" ")}`,
    unitsPart(units),
    listedUnitsPart(timeServices),
    kubernetesPart,
    certificatesPart,
    namesPart(names),
    registriesPart(settings),
    ...(settings ? [`section kept; list ${paths.kept}`, hostFilesPart(hostFiles), hooksPart] : []),
    ...(traces ? [tracesPart] : []),
    ...(syncLatency ? [syncPart] : []),
    `section end`,
    `}`,
    // Nothing in it may eat the script itself, which arrives on standard input.
    `export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin"; look </dev/null 2>/dev/null`,
    ``,
  ].join("\n");
}

/** Asks the host's own API server, whatever the endpoint leads to, whether it is ready. */
export function askOwnApi(seconds: number): string {
  const manifest = `${paths.manifests}/kube-apiserver.yaml`;
  const port = `$(sed -n 's/.*--secure-port=//p' ${manifest})`;
  return `[ -e ${manifest} ] && ${paths.binaries}/kubectl --kubeconfig ${paths.adminConf} --server "https://127.0.0.1:${port}" --request-timeout=${String(seconds)}s get --raw /readyz`;
}

const identityPart = `
now=$(date +%s.%N); read -r up rest </proc/uptime; kernel=$(uname -rm); listening=$(ss -Htlnp)
section clock; echo "$now"
section uname; echo "$kernel"
section virtualization; systemd-detect-virt
section cpus; nproc
section cgroup; [ -e /sys/fs/cgroup/cgroup.controllers ] && echo cgroup2fs
section links; for d in /sys/class/net/*; do read -r mtu <$d/mtu && echo "0: \${d##*/}: mtu $mtu"; done
section addresses; ip -o address show
section routes; ip route show; ip -6 route show
section listening; printf '%s\\n' "$listening"
section disks; df -m --output=file,source,size,used,avail,pcent,target / /var/lib /var/lib/containerd /var/lib/kubelet /var/lib/etcd`;

const usualFiles: readonly WholeFile[] = [
  ["hostname", "/proc/sys/kernel/hostname"],
  ["machineId", "/etc/machine-id"],
  ["productUuid", "/sys/class/dmi/id/product_uuid"],
  ["init", "/proc/1/comm"],
  ["memory", "/proc/meminfo"],
  ["capabilities", "/proc/self/status"],
  ["filesystems", "/proc/filesystems"],
  ["owner", paths.owner],
  ["initialized", paths.initialized],
  ...askedSysctls.map((name) => [`sysctl:${name}`, sysctlPath(name)] as const),
  ...surroundingFiles,
  ...swapFiles,
];

const settingsFiles = [...staticPodFiles, ...kubeletSettingsFiles, ...hostFileLists];

function listPart(): string {
  return `
section commands; for c in ${askedCommands.join(" ")}; do command -v $c >/dev/null && echo $c; done
section holders; for c in ${packagedCommands.join(" ")}; do command -v $c >/dev/null || { ${lockHolders}; break; }; done`;
}

const sysctlsPart = `
section sysctls; stat -c '%n %a' ${askedSysctls.map(sysctlPath).join(" ")}`;

function namesPart(names: readonly string[]): string {
  return `
section resolves; for n in ${names.map(quote).join(" ")}; do
if timeout 10 getent ahosts "$n" >/dev/null; then echo "$n yes"; else echo "$n no"; fi; done`;
}

const kubernetesPart = `
section present; for f in ${paths.bootstrapKubeletConf} ${paths.adminConf} ${paths.initialized} ${paths.etcdData}/member; do
[ -e $f ] && echo $f; done
${hasKubeletCertificate} && echo ${paths.kubeletConf}
section routerIds; for f in /etc/keepalived/*.conf; do [ -e "$f" ] && sed -n 's/^ *virtual_router_id *//p' "$f"; done
section manifests; list ${paths.manifests}
section api; ${askOwnApi(3)}
section kubelet; case "$listening" in ''|*":10248 "*) bash -c 'exec 3<>/dev/tcp/127.0.0.1/10248 && printf "GET /healthz HTTP/1.0\\r\\n\\r\\n" >&3 && timeout 2 cat <&3';; esac
section images; [ -S /run/containerd/containerd.sock ] && timeout 5 ${paths.binaries}/ctr -n k8s.io images ls -q
section archives; list ${paths.importedArchives}`;

const tracesPart = `
section mounts; cut -d ' ' -f 2 /proc/self/mounts | grep -E '^(/var/lib/kubelet/|/run/containerd/|/run/netns/cni-|/var/lib/calico)'
section interfaces; ls /sys/class/net | grep -E '^(cni0|flannel|cali|vxlan.calico|kube-)'
section namespaces; ls /run/netns | grep '^cni-'
section tables; nft list tables | grep -E ' (kube-proxy|calico|flannel)'; nft list chains | grep -oE 'chain (cali-|KUBE-|FLANNEL|CNI-)[^ ]*' | head -n 5
section sets; ipset list -n | grep '^cali'
section folders; for d in ${paths.kubernetes} ${paths.state} /etc/keelson /etc/containerd ${paths.cniConfig} /opt/cni /var/lib/calico /var/lib/cni /var/log/pods /run/flannel /run/calico; do [ -d $d ] && [ -n "$(ls -A $d)" ] && echo $d; done
for d in /var/lib/containerd ${paths.kubelet} ${paths.etcdData}; do [ -n "$(ls -A $d)" ] && echo $d; done`;
