import type { NameFacts, OperatingSystem, SecurityFacts } from "../../clusters/facts.ts";
import { listedUnits } from "./listed-units.ts";
import type { Sections } from "./sections.ts";
import type { WholeFile } from "./whole-files.ts";

/** Services that keep a host's clock right. */
export const timeServices = [
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
section containerPolicy; for f in /var/lib/selinux/*/active/modules/*/container; do [ -e $f ] && echo $f; done
section localhost; getent ahostsv4 localhost
section upstream; [ -s ${upstreamServers} ] && echo ${upstreamServers}`;

export const surroundingFiles: readonly WholeFile[] = [
  ["os", "/etc/os-release"],
  ["os", "/usr/lib/os-release"],
  ["selinux", "/sys/fs/selinux/enforce"],
  ["apparmor", "/sys/module/apparmor/parameters/enabled"],
  ["legacyTables", "/proc/net/ip_tables_names"],
  ["resolvers", "/etc/resolv.conf"],
];

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
    localhost: [...new Set(lines("localhost").map((line) => line.split(/\s/)[0] ?? ""))].sort(),
    nameservers: lines("resolvers").flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []),
    upstream: text("upstream"),
  };
}

/** The first of them that runs. */
export function parseTimeService(sections: Sections): string {
  const active = listedUnits(sections).filter(({ state }) => state === "active");
  return timeServices.find((service) => active.some(({ name }) => name === `${service}.service`)) ?? "";
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
