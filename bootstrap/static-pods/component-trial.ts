import { basename } from "node:path/posix";
import { command, quote } from "../../remote/quote.ts";
import { askOwnApi } from "../facts/script.ts";
import { paths } from "../paths.ts";
import { folder } from "./trial-script.ts";
import type { Trial } from "./trial-script.ts";

/** The patches that kubeadm applies, as its configuration names them. */
export const patchesFolder = `${folder}/patches`;

export interface PodChange {
  /** As Kubernetes calls it, `kube-apiserver` for example. */
  readonly component: string;
  /** Where the component's patch is when it is known to work; undefined without one. */
  readonly patchPath: string | undefined;
  /** API servers of which one must answer, so that the restart of this one is no outage. */
  readonly otherServers: readonly string[];
}

/** Has kubeadm make the component's manifest, from what a change has put into the folder. */
export function componentTrial({ component, patchPath, otherServers }: PodChange): Omit<Trial, "nodeName"> {
  const patch = `${folder}/${component}.patch`;
  const takePatch = command`cp ${patch} ${`${patchesFolder}/${basename(patchPath ?? "")}`} || exit 1\n`;
  const keepPatch = command`install -D -m 644 ${patch} ${`${patchPath ?? ""}.part`} && mv -f ${`${patchPath ?? ""}.part`} ${patchPath ?? ""}`;
  return {
    component,
    demand: otherServers.length === 0 ? "" : demandOther(otherServers),
    isHealthy,
    make: `rm -rf ${patchesFolder} && mkdir -p -m 700 ${patchesFolder} || exit 1
${patchPath === undefined ? "" : takePatch}${command`KUBEADM_INIT_DRYRUN_DIR=${folder}/new kubeadm init phase control-plane ${phaseNames[component] ?? component} --dry-run --config ${folder}/kubeadm.yaml`} || exit 1
sort ${folder}/$c.args >$new/args`,
    keep: patchPath === undefined ? "" : keepPatch,
  };
}

const phaseNames: Readonly<Record<string, string>> = {
  "kube-apiserver": "apiserver",
  "kube-controller-manager": "controller-manager",
  "kube-scheduler": "scheduler",
};

/**
 * The probes that the manifest itself has. Without a name kubectl asks its user for one; a component passes over it, and
 * answers as it does to the kubelet.
 */
const isHealthy = `h=$(sed -n '/livenessProbe:/,/startupProbe:/s/^ *host: //p' $live | head -n 1); p=$(sed -n 's/^ *- *containerPort: //p' $live | head -n 1)
path=$(sed -n '/livenessProbe:/,/port:/s/^ *path: //p' $live | head -n 1)
[ "$(${paths.binaries}/kubectl --kubeconfig=/dev/null --username=nobody --password=none --insecure-skip-tls-verify --request-timeout=3s --server="https://$h:$p" get --raw "$path")" = ok ] || return 1
[ $c != kube-apiserver ] || [ "$(${askOwnApi(5)})" = ok ];`;

function demandOther(servers: readonly string[]): string {
  const why = "no other API server answers, so that a restart of this one would be an outage";
  return `lives() { [ "$(${paths.binaries}/kubectl --kubeconfig=${paths.adminConf} --tls-server-name=kubernetes --request-timeout=3s --server="$1" get --raw /livez)" = ok ]; } 2>/dev/null
other=""; for s in ${servers.map(quote).join(" ")}; do lives "$s" && other=$s && break; done
[ -n "$other" ] || refuse ${quote(why)}`;
}
