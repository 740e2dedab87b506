import { basename } from "node:path/posix";
import { command, quote } from "../../remote/quote.ts";
import { askOwnApi } from "../facts/script.ts";
import { paths } from "../paths.ts";
import { verdictMark } from "../verdict.ts";

/** Where a change finds its configuration and makes the new manifest: in memory. */
export const folder = `${paths.run}/static-pods`;

/** The patches that kubeadm applies, as its configuration names them. */
export const patchesFolder = `${folder}/patches`;

export interface PodChange {
  /** As Kubernetes calls it, `kube-apiserver` for example. */
  readonly component: string;
  readonly nodeName: string;
  /** Where the component's patch is when it is known to work; undefined without one. */
  readonly patchPath: string | undefined;
  /** API servers of which one must answer, so that the restart of this one is no outage. */
  readonly otherServers: readonly string[];
}

/** How long a component may take to become ready, in seconds: it stops in up to 30, and a slow host starts it in 60. */
const readySeconds = 120;

/**
 * Has kubeadm make a component's manifest, puts it in the place of the former one and waits until the process that runs
 * is the new one and answers the kubelet's probes. If it does not, the former manifest comes back, and the script says
 * what the component's log said. The former one is kept on disk meanwhile: what a lost host leaves undecided, the next
 * run decides.
 */
export function changeScript({ component, nodeName, patchPath, otherServers }: PodChange): string {
  const takePatch = command`cp ${`${folder}/${component}.patch`} ${`${patchesFolder}/${basename(patchPath ?? "")}`} || exit 1`;
  const keepPatch = command`install -D -m 644 ${`${folder}/${component}.patch`} ${`${patchPath ?? ""}.part`} && mv -f ${`${patchPath ?? ""}.part`} ${patchPath ?? ""}; `;
  return `export HOME=/root
c=${quote(component)}; node=${quote(nodeName)}
${setUp}
${otherServers.length === 0 ? "" : demandOther(otherServers)}
${functions}
rm -rf $new ${patchesFolder} && mkdir -p -m 700 $new ${patchesFolder} ${paths.kept} || exit 1
${patchPath === undefined ? "" : takePatch}
${command`KUBEADM_INIT_DRYRUN_DIR=${folder}/new kubeadm init phase control-plane ${phaseNames[component] ?? component} --dry-run --config ${folder}/kubeadm.yaml`} || exit 1
[ -s $new/$c.yaml ] || exit 1
[ -e $kept ] || { cp -p $live $kept.part && mv $kept.part $kept; } || exit 1
trap 'restore >/dev/null; exit 143' TERM
old=""; cmp -s $new/$c.yaml $live || { old=$(processes); place $new/$c.yaml; }
sort ${folder}/$c.args >$new/args
if proven ${String(readySeconds)} $new/args; then ${patchPath === undefined ? "" : keepPatch}rm -f $kept; rm -rf ${folder}; exit 0; fi
words=$(last_words)
outcome=$(restore)
printf '%s\\n' ${quote(verdictMark)} "$outcome" "$words"
exit 1`;
}

const phaseNames: Readonly<Record<string, string>> = {
  "kube-apiserver": "apiserver",
  "kube-controller-manager": "controller-manager",
  "kube-scheduler": "scheduler",
};

/** Without a name kubectl asks its user for one; a component passes over it, and answers as it does to the kubelet. */
const setUp = `live=${paths.manifests}/$c.yaml; kept=${paths.kept}/$c.yaml; new=${folder}/new; began=$(date +%s)
ask() { ${paths.binaries}/kubectl --kubeconfig=/dev/null --username=nobody --password=none --insecure-skip-tls-verify --request-timeout=3s --server="$1" get --raw "$2"; }
lives() { [ "$(${paths.binaries}/kubectl --kubeconfig=${paths.adminConf} --tls-server-name=kubernetes --request-timeout=3s --server="$1" get --raw /livez)" = ok ]; } 2>/dev/null`;

/**
 * The process's name is cut at 15 characters by the kernel. A manifest is moved, so that the kubelet never reads half of
 * one. Probes are those that the manifest itself has.
 */
const functions = `processes() { for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = "$(echo $c | cut -c 1-15)" ] && echo \${p#/proc/}; done; } 2>/dev/null
place() { cp -p "$1" ${paths.kubernetes}/.$c.yaml && chmod 600 ${paths.kubernetes}/.$c.yaml && mv -f ${paths.kubernetes}/.$c.yaml $live; }
healthy() {
h=$(sed -n '/livenessProbe:/,/startupProbe:/s/^ *host: //p' $live | head -n 1); p=$(sed -n 's/^ *- *containerPort: //p' $live | head -n 1)
path=$(sed -n '/livenessProbe:/,/port:/s/^ *path: //p' $live | head -n 1)
[ "$(ask "https://$h:$p" "$path")" = ok ] || return 1
[ $c != kube-apiserver ] || [ "$(${askOwnApi(5)})" = ok ]; } 2>/dev/null
is_new() { for p in $(processes); do
case " $(echo $old) " in *" $p "*) continue;; esac
[ -z "$1" ] || tr '\\0' '\\n' </proc/$p/cmdline 2>/dev/null | tail -n +2 | sort | cmp -s - "$1" || continue
return 0; done; return 1; }
logs() { ls -td /var/log/pods/kube-system_$c-$node""_*/$c 2>/dev/null | head -n 1; }
doomed() {
is_new "" && { gone=0; return 1; }
gone=$((gone + 1)); newest=$(logs); [ -n "$newest" ] && [ "$(stat -c %Y "$newest")" -ge $began ] || return 1
[ $gone -ge 4 ] && [ "$(ls "$newest" | wc -l)" -ge 2 ]; }
proven() { gone=0; end=$(($(date +%s) + $1)); while [ $(date +%s) -lt $end ]; do
is_new "$2" && healthy && return 0
doomed && return 1
sleep 1; done; return 1; }
last_words() { newest=$(logs); said=""; file=$(ls -t "$newest"/*.log | head -n 1)
[ -n "$newest" ] && [ "$(stat -c %Y "$newest")" -ge $began ] && said=$(cut -d ' ' -f 4- "$file" | grep -v '^ *$' | tail -n 4)
[ -n "$said" ] || said=$(journalctl -u kubelet -o cat --no-pager --since "@$began" | grep -F "$c-$node" | grep '^[EW]' | tail -n 2)
printf '%s\\n' "$said" | cut -c 1-400; } 2>/dev/null
restore() { trap '' TERM; old=$(processes); place $kept
if proven ${String(readySeconds)} ""; then rm -f $kept; rm -rf ${folder}; echo "its former manifest is back, and it is ready"
else echo "its former manifest is back, but it is not ready yet"; rm -f $kept; fi; }`;

function demandOther(servers: readonly string[]): string {
  const message =
    "no other API server answers, so that a restart of this one would be an outage; nothing was changed";
  return `other=""; for s in ${servers.map(quote).join(" ")}; do lives "$s" && other=$s && break; done
[ -n "$other" ] || { printf '%s\\n' ${quote(verdictMark)} ${quote(message)}; exit 1; }`;
}
