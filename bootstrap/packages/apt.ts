import { command } from "../../remote/quote.ts";
import type { PackageManager } from "./managers.ts";

/** Debian and Ubuntu. */
export const apt: PackageManager = {
  packageOf: {
    ipset: "ipset",
    iptables: "iptables",
    losetup: "mount",
    modprobe: "kmod",
    nft: "nftables",
  },
  apparmor: "apparmor",
  install: installScript,
  failures: {
    locked: /Could not get lock|Unable to acquire the dpkg frontend lock|is held by process/,
    unavailable:
      /Failed to fetch|Unable to (fetch|locate)|no installation candidate|Temporary failure resolving/,
  },
};

const get = command`apt-get -qq -o ${"DPkg::Lock::Timeout=300"} -o ${"Dpkg::Options::=--force-confold"} -o ${"Dpkg::Use-Pty=0"}`;

/**
 * Package lists are read anew only if the first attempt fails: most hosts have them. Packages neither start their
 * services, of which AppArmor's alone is wanted, nor tell systemd that they came: it finds units when it is asked for them.
 */
function installScript(names: readonly string[]): string {
  return `
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 SYSTEMD_OFFLINE=1 LC_ALL=C
[ -z "$(ls /var/lib/dpkg/updates)" ] || dpkg --force-confold --configure -a
install() { ${get} ${command`install --no-install-recommends -y ${names}`}; }
have_lists() { ls /var/lib/apt/lists | grep -q _Packages; }
{ have_lists && install; } || { ${get} update && install; } || exit
${names.includes("apparmor") ? "SYSTEMD_OFFLINE=0 systemctl start apparmor.service" : ""}`;
}
