import { quote } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { verdictMark } from "../verdict.ts";

/** Where a change finds what it needs and makes the new manifest: in memory. */
export const folder = `${paths.run}/static-pods`;

/** A change of one static pod: what is special about it, in shell. Each part may use what the ones above it define. */
export interface Trial {
  /** The pod's and its container's name, `kube-apiserver` for example; `$c` in the script. */
  readonly component: string;
  readonly nodeName: string;
  /** Ends the script with `refuse WHY` if the change must not be made now. */
  readonly demand: string;
  /** Whether the process that runs does its work: the body of a function. */
  readonly isHealthy: string;
  /** Makes the manifest, `$new/$c.yaml`, and the words of its command line but the first, sorted, `$new/args`. */
  readonly make: string;
  /** Runs once the change is proven. */
  readonly keep: string;
}

/** How long a component may take to become ready, in seconds: it stops in up to 30, and a slow host starts it in 60. */
const readySeconds = 120;

/**
 * Puts a new manifest in the place of the former one and waits until the process that runs is the new one and does its
 * work. If it does not, the former manifest comes back, and the script says what the component's log said. The former
 * one is kept on disk meanwhile: what a lost host leaves undecided, the next run decides.
 */
export function trialScript({ component, nodeName, demand, isHealthy, make, keep }: Trial): string {
  return `export HOME=/root
c=${quote(component)}; node=${quote(nodeName)}
live=${paths.manifests}/$c.yaml; kept=${paths.kept}/$c.yaml; new=${folder}/new; began=$(date +%s)
refuse() { printf '%s\\n' ${quote(verdictMark)} "$1; nothing was changed"; exit 1; }
${demand}
healthy() { ${isHealthy}
} 2>/dev/null
${functions}
rm -rf $new && mkdir -p -m 700 $new ${paths.kept} || exit 1
${make}
[ -s $new/$c.yaml ] && [ -s $new/args ] || exit 1
[ -e $kept ] || { cp -p $live $kept.part && mv $kept.part $kept; } || exit 1
trap 'restore >/dev/null; exit 143' TERM
old=""; cmp -s $new/$c.yaml $live || { old=$(processes); place $new/$c.yaml; }
if proven ${String(readySeconds)} $new/args; then ${keep === "" ? "" : `${keep}; `}rm -f $kept; rm -rf ${folder}; exit 0; fi
words=$(last_words)
outcome=$(restore)
printf '%s\\n' ${quote(verdictMark)} "$outcome" "$words"
exit 1`;
}

/**
 * The folder of a pod changes also while the kubelet takes its logs away, so that the newest one is that of the newest
 * log; and a container that has just begun has said nothing yet, so that all logs in it count. What the kubelet says of
 * a volume begins with what it will do, for longer than a line: the reason comes after that.
 *
 * The process's name is cut at 15 characters by the kernel. A manifest is moved, so that the kubelet never reads half of
 * one.
 */
const functions = `processes() { for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = "$(echo $c | cut -c 1-15)" ] && echo \${p#/proc/}; done; } 2>/dev/null
place() { cp -p "$1" ${paths.kubernetes}/.$c.yaml && chmod 600 ${paths.kubernetes}/.$c.yaml && mv -f ${paths.kubernetes}/.$c.yaml $live; }
is_new() { for p in $(processes); do
case " $(echo $old) " in *" $p "*) continue;; esac
[ -z "$1" ] || tr '\\0' '\\n' </proc/$p/cmdline 2>/dev/null | tail -n +2 | sort | cmp -s - "$1" || continue
return 0; done; return 1; }
logs() { f=$(ls -t /var/log/pods/kube-system_$c-$node""_*/$c/*.log 2>/dev/null | head -n 1); echo "\${f%/*}"; }
doomed() {
is_new "" && { gone=0; return 1; }
gone=$((gone + 1)); newest=$(logs); [ -n "$newest" ] && [ "$(stat -c %Y "$newest")" -ge $began ] || return 1
[ $gone -ge 4 ] && [ "$(ls "$newest" | wc -l)" -ge 2 ]; }
proven() { gone=0; end=$(($(date +%s) + $1)); while [ $(date +%s) -lt $end ]; do
is_new "$2" && healthy && return 0
doomed && return 1
sleep 1; done; return 1; }
last_words() { newest=$(logs); said=""
[ -n "$newest" ] && [ "$(stat -c %Y "$newest")" -ge $began ] && said=$(ls -tr "$newest"/*.log | xargs cat | cut -d ' ' -f 4- | grep -v '^ *$' | tail -n 4)
[ -n "$said" ] || said=$(journalctl -u kubelet -o cat --no-pager --since "@$began" | grep -F "$c-$node" | grep '^[EW]' | sed -e 's/^[EW][0-9]* [^]]*\\] //' -e 's/^Operation for .*durationBeforeRetry [^)]*). Error: //' | tail -n 2)
printf '%s\\n' "$said" | awk '!seen[$0]++' | cut -c 1-400; } 2>/dev/null
restore() { trap '' TERM; old=$(processes); place $kept
if proven ${String(readySeconds)} ""; then rm -f $kept; rm -rf ${folder}; echo "its former manifest is back, and it is ready"
else echo "its former manifest is back, but it is not ready yet"; rm -f $kept; fi; }`;
