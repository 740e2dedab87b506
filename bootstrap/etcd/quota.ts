import { command, quote } from "../../remote/quote.ts";
import { askOwnApi } from "../facts/script.ts";
import { runTrial } from "../static-pods/run-trial.ts";
import type { ControlPlaneView, Phase } from "../view.ts";
import { etcdctl } from "./etcdctl.ts";
import { usualQuota } from "./condition.ts";

const flag = "quota-backend-bytes";

/**
 * Runs the host's member of etcd with the quota that is wanted. Of its flags this is the only one that is compared: the
 * others are kubeadm's, and differ with the time at which a member came.
 */
export const etcdQuota: Phase<ControlPlaneView> = {
  title: "etcd quota",
  plan: (view) => {
    const { initialized, apiReady, staticPods } = view.facts.kubernetes;
    const pod = staticPods?.["etcd"];
    // A member whose API server has yet to come back is nobody's to restart.
    if (initialized !== view.clusterId || !apiReady || pod === undefined) return [];
    const wanted = quotaOf(view);
    const [has] = pod.args[flag] ?? [];
    if (wanted === has && !pod.isUnproven) return [];
    return [{ intent: describe(wanted, has), work: (context) => runTrial(view, context, quotaTrial(view)) }];
  },
};

/** The quota as kubeadm's configuration of a cluster's own etcd has it; undefined for the usual one. Pure. */
export function quotaArgs({ cluster }: Pick<ControlPlaneView, "cluster">): readonly object[] | undefined {
  const value = quotaOf({ cluster });
  return value === undefined ? undefined : [{ name: flag, value }];
}

/** The change as a trial: what must hold first, and the manifest that is made. Pure. */
export function quotaTrial(view: Pick<ControlPlaneView, "cluster">): Parameters<typeof runTrial>[2] {
  const wanted = quotaOf(view);
  const put = wanted === undefined ? "" : ` -e ${quote(`s/^\\( *\\)- etcd$/&\\n\\1- --${flag}=${wanted}/`)}`;
  return {
    component: "etcd",
    title: "etcd member",
    demand: demand(Number(wanted ?? usualQuota)),
    isHealthy: `etcd endpoint health --write-out=json | grep -q ${serving} || return 1
[ "$(${askOwnApi(5)})" = ok ];`,
    // Made from the one that runs: what kubeadm would make names the members of another time.
    make: `sed -e ${quote(`/^ *- --${flag}=/d`)}${put} $live >$new/$c.yaml || exit 1
[ "$(grep -c -e ${quote(`--${flag}=`)} $new/$c.yaml)" = ${wanted === undefined ? "0" : "1"} ] || exit 1
sed -n 's/^ *- \\(--.*\\)$/\\1/p' $new/$c.yaml | sort >$new/args`,
    keep: "",
  };
}

function quotaOf({ cluster }: Pick<ControlPlaneView, "cluster">): string | undefined {
  const bytes = cluster.controlPlane?.etcd?.quotaBackendBytes;
  return bytes === undefined ? undefined : String(bytes);
}

function describe(wanted: string | undefined, has: string | undefined): string {
  if (wanted === has) return "see whether etcd works with its last change";
  if (wanted === undefined) return `restart etcd with no --${flag} (was ${has ?? ""})`;
  return `restart etcd with --${flag}=${wanted}${has === undefined ? "" : ` (was ${has})`}`;
}

/** One that has no space left is called sick, though it answers and votes. */
const serving = command`-e ${'"health":true'} -e ${"Active Alarm(s): NOSPACE "}`;

/** The others must be a majority without this one, and what is there must fit. */
function demand(quota: number): string {
  const most = String(Math.floor(quota * 0.95));
  return `${etcdctl}
size=$(etcd endpoint status --write-out=json 2>/dev/null | grep -o '"dbSize":[0-9]*' | head -n 1 | cut -d : -f 2)
[ "\${size:-0}" -le ${most} ] || refuse "its file of $size bytes leaves no room in a quota of ${String(quota)}"
end=$(($(date +%s) + 60)); while :; do
voters=$(etcd member list 2>/dev/null | grep -c ', started, .*, false$')
fit=$(etcd endpoint health --cluster --write-out=json 2>/dev/null | tr '{' '\\n' | grep -c ${serving})
[ $voters -ne 1 ] && [ $((fit - 1)) -le $((voters / 2)) ] || break
[ $(date +%s) -lt $end ] || refuse "only $fit of $voters members of etcd are healthy, so that a restart of this one would be an outage"
sleep 2; done`;
}
