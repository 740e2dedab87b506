import { quote } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { hooksPart } from "../hooks/hooked.ts";
import { hostFilesPart } from "../host-files/facts.ts";
import { registriesPart } from "../registries/facts.ts";
import { kubeletSettingsPart } from "../kubelet-settings/facts.ts";
import { packagedCommands } from "../packages/managers.ts";
import { sysctlPath } from "../sysctl-path.ts";
import { unitPrefix } from "../unit.ts";
import { certificatesPart } from "./certificates.ts";
import { firewallPart } from "./firewall.ts";
import { firstBootPart, lockHolders } from "./first-boot.ts";
import { staticPodsPart } from "../static-pods/facts.ts";
import { surroundingsPart } from "./surroundings.ts";
import { swapPart } from "./swap.ts";
import { syncPart } from "./sync-latency.ts";
import { unitsPart } from "./units.ts";

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

/** Kernel features with a function of the kernel that proves a built-in one. */
export const askedFeatures: Readonly<Record<string, string>> = {
  overlay: "ovl_fill_super",
  br_netfilter: "br_nf_pre_routing",
  vxlan: "vxlan_rcv",
  nf_tables: "nft_do_chain",
  nf_conntrack: "nf_conntrack_in",
  ip_set: "ip_set_create",
};

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
  } = request;
  return [
    `look() {`,
    `section() { printf '\\036%s\\n' "$1"; }`,
    identityPart,
    swapPart,
    firstBootPart,
    listPart(),
    surroundingsPart,
    firewallPart,
    kernelPart(),
    filesPart(files),
    unitsPart(units),
    runningPart,
    kubernetesPart,
    certificatesPart,
    namesPart(names),
    registriesPart(settings),
    ...(settings
      ? [
          `section kept; ls ${paths.kept}`,
          staticPodsPart,
          kubeletSettingsPart,
          hostFilesPart(hostFiles),
          hooksPart,
        ]
      : []),
    ...(traces ? [tracesPart] : []),
    ...(syncLatency ? [syncPart] : []),
    `section end`,
    `}`,
    // Nothing in it may eat the script itself, which arrives on standard input.
    `export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin"; look </dev/null 2>/dev/null`,
    ``,
  ].join("\n");
}

/** The units of a run that has not come to its end. */
const runningPart = `
section running; systemctl list-units --plain --no-legend --state=active,activating,deactivating '${unitPrefix}*' | cut -d ' ' -f 1`;

/** Asks the host's own API server, whatever the endpoint leads to, whether it is ready. */
export function askOwnApi(seconds: number): string {
  const manifest = `${paths.manifests}/kube-apiserver.yaml`;
  const port = `$(sed -n 's/.*--secure-port=//p' ${manifest})`;
  return `[ -e ${manifest} ] && ${paths.binaries}/kubectl --kubeconfig ${paths.adminConf} --server "https://127.0.0.1:${port}" --request-timeout=${String(seconds)}s get --raw /readyz`;
}

const identityPart = `
section clock; date +%s.%N
section hostname; cat /proc/sys/kernel/hostname
section machineId; cat /etc/machine-id
section productUuid; cat /sys/class/dmi/id/product_uuid
section os; cat /etc/os-release || cat /usr/lib/os-release
section uname; uname -r; uname -m
section virtualization; systemd-detect-virt
section init; cat /proc/1/comm
section cpus; nproc
section memory; cat /proc/meminfo
section capabilities; cat /proc/self/status
section cgroup; stat -fc %T /sys/fs/cgroup
section links; ip -o link show
section addresses; ip -o address show
section routes; ip route show; ip -6 route show
section listening; ss -Htlnp
section owner; cat ${paths.owner}
section disks; for d in / /var/lib /var/lib/containerd /var/lib/kubelet /var/lib/etcd; do [ -d $d ] && echo "$d $(df -Pm $d | tail -n 1)"; done`;

function listPart(): string {
  return `
section commands; for c in ${askedCommands.join(" ")}; do command -v $c >/dev/null && echo $c; done
section holders; for c in ${packagedCommands.join(" ")}; do command -v $c >/dev/null || { ${lockHolders}; break; }; done`;
}

function kernelPart(): string {
  const names = Object.keys(askedFeatures).join(" ");
  const symbols = Object.values(askedFeatures).join("|");
  return `
section modules; for m in ${names}; do
if [ -f /sys/module/$m/initstate ]; then echo "$m loaded"; elif [ -d /sys/module/$m ]; then echo "$m builtin"
else unclear=yes; modprobe -nq $m && echo "$m loadable"; fi; done
section filesystems; cat /proc/filesystems
section symbols; [ -n "$unclear" ] && grep -oE ' (${symbols})$' /proc/kallsyms
section sysctls; stat -c '%a %n' ${askedSysctls.map(sysctlPath).join(" ")} | while read -r mode f; do
echo "$f $mode $(cat $f)"; done`;
}

/** A file whose sum is known costs no process of its own: hundreds of them would take a second. */
function filesPart(files: readonly string[]): string {
  return `
section files; sums="$(cat ${paths.sums})
"
stat -Lc '%i:%s:%.9Y:%.9Z %a %n' ${files.map(quote).join(" ")} | while read -r key mode f; do
[ -f "$f" ] || continue
case "$sums" in *" $key $f
"*) sum=\${sums%%" $key $f
"*}; sum=\${sum##*
};;
*) sum=$(sha256sum <"$f"); sum=\${sum%% *};; esac
echo "$sum $mode $f"; done`;
}

function namesPart(names: readonly string[]): string {
  return `
section resolves; for n in ${names.map(quote).join(" ")}; do
if timeout 10 getent ahosts "$n" >/dev/null; then echo "$n yes"; else echo "$n no"; fi; done`;
}

const kubernetesPart = `
section present; for f in ${paths.bootstrapKubeletConf} ${paths.adminConf} ${paths.initialized} ${paths.etcdData}/member; do
[ -e $f ] && echo $f; done
f=${paths.kubeletConf}; [ -e $f ] && { [ -e ${paths.kubeletCertificate} ] || grep -q client-certificate-data $f; } && echo $f
section initialized; cat ${paths.initialized}
section servers; for f in ${paths.kubeletConf} ${paths.adminConf} ${paths.superAdminConf}; do
[ -f $f ] && echo "$f $(sed -n 's/^ *server: //p' $f | head -n 1)"; done
section apiCertificate; cat ${paths.apiCertificate}
section routerIds; sed -n 's/^ *virtual_router_id *//p' /etc/keepalived/*.conf
section manifests; ls ${paths.manifests}
section ca; sed -n '/-BEGIN/,/-END/{/-/d;p;}' ${paths.pki}/ca.crt | base64 -d | sha256sum
section caSize; stat -c %s ${paths.pki}/ca.crt
section api; ${askOwnApi(3)}
section kubelet; bash -c 'exec 3<>/dev/tcp/127.0.0.1/10248 && printf "GET /healthz HTTP/1.0\\r\\n\\r\\n" >&3 && timeout 2 cat <&3'
section images; [ -S /run/containerd/containerd.sock ] && timeout 5 ${paths.binaries}/ctr -n k8s.io images ls -q
section archives; ls ${paths.importedArchives}`;

const tracesPart = `
section mounts; cut -d ' ' -f 2 /proc/self/mounts | grep -E '^(/var/lib/kubelet/|/run/containerd/|/run/netns/cni-|/var/lib/calico)'
section interfaces; ls /sys/class/net | grep -E '^(cni0|flannel|cali|vxlan.calico|kube-)'
section namespaces; ls /run/netns | grep '^cni-'
section tables; nft list tables | grep -E ' (kube-proxy|calico|flannel)'; nft list chains | grep -oE 'chain (cali-|KUBE-|FLANNEL|CNI-)[^ ]*' | head -n 5
section sets; ipset list -n | grep '^cali'
section folders; for d in ${paths.kubernetes} ${paths.state} /etc/keelson /etc/containerd ${paths.cniConfig} /opt/cni /var/lib/calico /var/lib/cni /var/log/pods /run/flannel /run/calico; do [ -d $d ] && [ -n "$(ls -A $d)" ] && echo $d; done
for d in /var/lib/containerd ${paths.kubelet} ${paths.etcdData}; do [ -n "$(ls -A $d)" ] && echo $d; done`;
