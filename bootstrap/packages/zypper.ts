import { command } from "../../remote/quote.ts";
import type { PackageManager } from "./managers.ts";

/** openSUSE Leap and Tumbleweed. */
export const zypper: PackageManager = {
  packageOf: {
    ipset: "ipset",
    iptables: "iptables",
    losetup: "util-linux",
    modprobe: "kmod",
    nft: "nftables",
  },
  apparmor: "apparmor-parser",
  selinux: "container-selinux",
  // In these the package asks for the reboot, or the restart of the manager itself, that a kernel module needs later.
  install: (names) => `
export LC_ALL=C ZYPP_LOCK_TIMEOUT=300
${command`zypper --non-interactive --quiet install --no-recommends ${names}`}
code=$?
case $code in 102 | 103) exit 0 ;; *) exit $code ;; esac`,
  failures: {
    locked: /System management is locked/,
    unavailable:
      /No provider of|not found in package names|Download \(curl\) error|Could not resolve host|Repository .* is invalid/,
  },
};
