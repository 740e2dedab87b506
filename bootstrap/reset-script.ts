import { draftFolder } from "./fetch-script.ts";
import { paths } from "./paths.ts";
import { giveFilesBack } from "./host-files/phases.ts";
import { balancerUnit } from "./phases/balancer.ts";
import { virtualAddressUnit } from "./phases/virtual-address.ts";

const chains = "(cali-|cali:|KUBE-|FLANNEL|CNI-)";

/**
 * Takes a cluster off its host: processes, mounts, links, firewall rules, files; packages stay. Nothing is deleted
 * across a mount point, and the owner token goes last, so that a reset which was cut off can be run again.
 */
export const resetScript = `
systemctl disable --quiet --now kubelet.service
systemctl disable --quiet --now ${balancerUnit.name} ${virtualAddressUnit.name}
systemctl kill --signal=KILL kubepods.slice
systemctl stop kubepods.slice
systemctl disable --quiet containerd.service
systemctl kill --kill-who=all --signal=KILL containerd.service
systemctl stop containerd.service

cut -d ' ' -f 2 /proc/self/mounts | grep -E '^(${paths.kubelet}/|/run/containerd/|/run/netns/cni-|/var/lib/containerd/)' | sort -r |
while read -r m; do umount "$m" || umount -l "$m"; done
rm -f /run/netns/cni-*

for link in $(ls /sys/class/net | grep -E '^(cni0|flannel|cali|vxlan.calico|kube-)'); do ip link delete "$link"; done
for family in ip ip6; do
nft delete table $family kube-proxy; nft delete table $family flannel-ipv4; nft delete table $family flannel-ipv6
done
nft delete table inet cni_hostport
for tool in iptables ip6tables; do
$tool-save | grep -qE '${chains}' && $tool-save | grep -vE '${chains}' | $tool-restore
done
for set in $(ipset list -n | grep '^cali'); do ipset destroy "$set"; done

empty() { [ ! -d "$1" ] || find "$1" -xdev -mindepth 1 -delete; }
for folder in ${paths.kubelet} ${paths.etcdData} /var/lib/containerd; do empty $folder; done
sed -n 's/^[^ ]* [^ ]* //p' ${paths.sums} | grep -E '^(${paths.binaries}|${paths.cniPlugins})/' | while read -r f; do rm -f "$f"; done
rm -rf ${draftFolder(paths.binaries)} ${draftFolder(paths.cniPlugins)}
rm -f ${[...balancerUnit.paths, ...virtualAddressUnit.paths].join(" ")} ${paths.containerdUnit} ${paths.kubeletUnit} ${paths.sysctls} ${paths.modules} ${paths.needrestart}
[ ! -f ${paths.fstab} ] || sed -i 's/^# keelson: //' ${paths.fstab}
for folder in ${paths.kubernetes} /etc/containerd /etc/cni /opt/cni /opt/containerd /etc/systemd/system/kubelet.service.d \\
/run/containerd /run/flannel /run/calico /var/lib/calico /var/lib/cni /var/lib/kube-proxy /var/log/pods /var/log/containers /var/log/calico; do
[ ! -d $folder ] || { empty $folder; rmdir $folder; }
done
${giveFilesBack}
[ ! -f ${paths.firewallUndo} ] || sh ${paths.firewallUndo}
[ ! -f ${paths.maskedUnits} ] || while read -r unit; do
systemctl unmask --quiet "$unit"; [ ! -e "/etc/systemd/system/$unit.keelson" ] || mv "/etc/systemd/system/$unit.keelson" "/etc/systemd/system/$unit"
done <${paths.maskedUnits}
systemctl daemon-reload
systemctl reset-failed
rm -rf ${paths.state}
rm -rf /etc/keelson
`;
