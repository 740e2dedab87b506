import { command, quote } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { verdictMark } from "../verdict.ts";

const folder = `${paths.run}/kubelet`;

/** Where a change finds the settings. */
export const newSettings = `${folder}/settings.yaml`;

const kept = `${paths.kept}/kubelet.yaml`;

/** How long a kubelet may take to be healthy, in seconds, and how long it must stay so. */
const seconds = { ready: 60, steady: 5 };

/**
 * Has kubeadm make the kubelet's configuration from the cluster's, the host's own patch and the new settings, starts the
 * kubelet anew and watches whether it stays healthy. If it does not, the former configuration comes back, and the script
 * says what the kubelet said. The settings are noted last. The former configuration is kept on disk meanwhile: what a
 * lost host leaves undecided, the next run decides.
 */
export const changeScript = `export HOME=/root
live=${paths.kubeletConfig}; began=$(date +%s)
pid() { systemctl show -p MainPID --value kubelet.service; }
healthy() { bash -c 'exec 3<>/dev/tcp/127.0.0.1/10248 && printf "GET /healthz HTTP/1.0\\r\\n\\r\\n" >&3 && timeout 2 cat <&3' 2>/dev/null | grep -q '^ok'; }
start() { systemctl reset-failed kubelet.service; systemctl restart kubelet.service; } 2>/dev/null
steady() { good=0; last=""; ends=0; end=$(($(date +%s) + ${String(seconds.ready)}))
while [ $(date +%s) -lt $end ]; do
now=$(pid); if [ "$now" != "$last" ]; then [ -z "$last" ] || ends=$((ends + 1)); last=$now; good=0; fi
if [ "$now" != 0 ] && healthy; then good=$((good + 1)); else good=0; fi
[ $good -lt ${String(seconds.steady)} ] || return 0
[ $ends -lt 4 ] || return 1
sleep 1; done; return 1; }
put() { cp -p "$1" ${paths.kubelet}/.config.yaml && mv -f ${paths.kubelet}/.config.yaml $live; }
restore() { trap '' TERM; put ${kept}; start
if steady; then echo "its former configuration is back, and it is healthy"
else echo "its former configuration is back, but it is not healthy yet"; fi; rm -f ${kept}; rm -rf ${folder}; }
rm -rf ${folder}/patches && mkdir -p -m 700 ${folder}/patches ${paths.kept} || exit 1
[ ! -d ${paths.patches} ] || cp ${paths.patches}/* ${folder}/patches/
cp ${newSettings} ${folder}/patches/$(basename ${paths.kubeletSettings}) || exit 1
[ -e ${kept} ] || { cp -p $live ${kept}.part && mv ${kept}.part ${kept}; } || exit 1
trap 'restore >/dev/null; exit 143' TERM
${command`kubeadm upgrade node phase kubelet-config --patches ${`${folder}/patches`}`} || { put ${kept}; rm -f ${kept}; exit 1; }
rm -rf ${paths.kubernetes}/tmp/kubeadm-kubelet-config*
start
if steady; then cp ${newSettings} ${paths.kubeletSettings}.part && chmod 644 ${paths.kubeletSettings}.part && mv -f ${paths.kubeletSettings}.part ${paths.kubeletSettings} && rm -f ${kept} && rm -rf ${folder}; exit; fi
words=$(journalctl -u kubelet -o cat --no-pager --since "@$began" | grep -E '^[EF][0-9]|^Error|rror:' | tail -n 3 | cut -c 1-400)
outcome=$(restore)
printf '%s\\n' ${quote(verdictMark)} "$outcome" "$words"
exit 1`;
