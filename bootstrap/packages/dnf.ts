import { command } from "../../remote/quote.ts";
import type { PackageManager } from "./managers.ts";

/** Rocky, Alma, Fedora and their kin. dnf waits for its lock by itself, as long as it is let. */
export const dnf: PackageManager = {
  packageOf: {
    ipset: "ipset",
    iptables: "iptables-nft",
    losetup: "util-linux-core",
    modprobe: "kmod",
    nft: "nftables",
  },
  selinux: "container-selinux",
  install: (names) => `
export LC_ALL=C
${command`dnf -y -q --setopt=install_weak_deps=False install ${names}`}`,
  failures: {
    locked: /Waiting for process with pid|can't create .*transaction lock/,
    unavailable:
      /Unable to find a match|No match for argument|Failed to download metadata|Curl error|All mirrors were tried/,
  },
};
