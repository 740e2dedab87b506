import type { NameFacts, OperatingSystem, SecurityFacts } from "../../clusters/facts.ts";
import type { Sections } from "./sections.ts";

/** Services that keep a host's clock right. */
const timeServices = [
  "systemd-timesyncd",
  "chronyd",
  "chrony",
  "ntpd",
  "ntp",
  "ntpsec",
  "openntpd",
  "vmtoolsd",
];

const upstreamServers = "/run/systemd/resolve/resolv.conf";

/** The part of the facts script about what else on the host has a say: security modules, time, names. */
export const surroundingsPart = `
section selinux; cat /sys/fs/selinux/enforce
section containerPolicy; ls -d /var/lib/selinux/*/active/modules/*/container
section apparmor; cat /sys/module/apparmor/parameters/enabled
section legacyTables; cat /proc/net/ip_tables_names
section timeService; systemctl list-units --plain --no-legend --state=active ${timeServices.map((name) => `${name}.service`).join(" ")} | cut -d ' ' -f 1
section localhost; getent ahostsv4 localhost | cut -d ' ' -f 1 | sort -u
section nameservers; sed -n 's/^[[:space:]]*nameserver[[:space:]]*//p' /etc/resolv.conf
section upstream; [ -s ${upstreamServers} ] && echo ${upstreamServers}`;

export function parseSecurity({ text, lines }: Sections): SecurityFacts {
  return {
    selinux: selinuxModes.get(text("selinux")) ?? "disabled",
    containerPolicy: text("containerPolicy") !== "",
    apparmor: text("apparmor") === "Y",
    legacyTables: lines("legacyTables"),
  };
}

const selinuxModes = new Map<string, SecurityFacts["selinux"]>([
  ["1", "enforcing"],
  ["0", "permissive"],
]);

export function parseNames({ text, lines }: Sections): NameFacts {
  return {
    localhost: lines("localhost"),
    nameservers: lines("nameservers").map((line) => line.split(/\s/)[0] ?? ""),
    upstream: text("upstream"),
  };
}

export function parseTimeService({ lines }: Sections): string {
  return lines("timeService")[0]?.replace(/\.service$/, "") ?? "";
}

/** Reads os-release. */
export function parseOs({ lines }: Sections): OperatingSystem {
  const values = new Map(
    lines("os").map((line) => [
      line.split("=")[0],
      line.replace(/^[^=]*=/, "").replace(/^(["'])(.*)\1$/, "$2"),
    ]),
  );
  const id = values.get("ID") ?? "";
  const kin = [id, ...(values.get("ID_LIKE") ?? "").split(" ")];
  return {
    id,
    versionId: values.get("VERSION_ID") ?? "",
    name: values.get("PRETTY_NAME") ?? "",
    family: families.find(([, names]) => names.some((name) => kin.includes(name)))?.[0] ?? "other",
  };
}

const families = [
  ["debian", ["debian", "ubuntu"]],
  ["redhat", ["rhel", "fedora", "centos"]],
  ["suse", ["suse", "opensuse", "sles"]],
] as const;
