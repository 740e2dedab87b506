import type { HostFacts, OperatingSystem, PackageFacts } from "../../clusters/facts.ts";
import type { Sections } from "./sections.ts";

/**
 * Prints what cloud-init says as long as it has not ended. Before it is asked, which takes a Python interpreter, its
 * files tell whether there is anything to ask.
 */
export const cloudInitStatus =
  "[ -e /run/cloud-init/enabled ] && [ ! -e /run/cloud-init/result.json ] && cloud-init status";

/**
 * Prints the processes that have a lock file of a package manager open, as `name (pid)`: apt, dpkg and rpm lock open
 * files, dnf and zypper note their process.
 */
export const lockHolders = `{
for p in $(find /proc/[0-9]*/fd -lname '/var/lib/dpkg/lock*' -o -lname /var/lib/apt/lists/lock -o -lname /var/cache/apt/archives/lock -o -lname '*/rpm/.rpm.lock'); do
p=\${p#/proc/}; pids="$pids \${p%%/*}"; done
for f in /run/zypp.pid /var/lib/dnf/rpmdb_lock.pid /var/cache/dnf/metadata_lock.pid; do read -r p <$f && pids="$pids $p"; done
for p in $pids; do case " $seen " in *" $p "*) continue;; esac
seen="$seen $p"; if read -r name </proc/$p/comm; then echo "$name ($p)"; fi; done
} 2>/dev/null`;

/** The part of the facts script about what a new host still does by itself. */
export const firstBootPart = `
section firstBoot; ${cloudInitStatus}
section dpkg; list /var/lib/dpkg/updates`;

/** Whether what `cloud-init status` says means that it is not done. */
export function isSettingUp(status: string): boolean {
  return /^status: (running|not run|not started)/m.test(status);
}

export function parseFirstBoot({ text }: Sections): HostFacts["firstBoot"] {
  return isSettingUp(text("firstBoot"));
}

export function parsePackages({ text, lines }: Sections, { family }: OperatingSystem): PackageFacts {
  const commands = lines("commands");
  const usual = managers.find((manager) => manager.family === family);
  const found = [...(usual ? [usual] : []), ...managers].find(({ command }) => commands.includes(command));
  return {
    manager: found?.name ?? "none",
    interrupted: text("dpkg") !== "",
    holders: lines("holders"),
  };
}

const managers = [
  { family: "debian", command: "apt-get", name: "apt" },
  { family: "suse", command: "zypper", name: "zypper" },
  { family: "redhat", command: "dnf", name: "dnf" },
] as const;
