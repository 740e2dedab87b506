import type { Cluster, ClusterHost } from "../../clusters/cluster.ts";
import type { HostFacts, PackageFacts } from "../../clusters/facts.ts";
import { isContainer } from "../view.ts";
import { apt } from "./apt.ts";
import { dnf } from "./dnf.ts";
import { zypper } from "./zypper.ts";

/** Commands that Kubernetes, or a later reset, calls on every host and that a package brings. */
export const packagedCommands = ["ipset", "iptables", "losetup", "modprobe", "nft"] as const;

/** Commands that keep an endpoint; every family's package is named like its command. */
export type EndpointCommand = "curl" | "haproxy" | "keepalived";

export type PackagedCommand = (typeof packagedCommands)[number];

/** How one family of distributions installs packages. */
export interface PackageManager {
  /** Packages by the command that they bring. */
  readonly packageOf: Readonly<Record<PackagedCommand, string>>;
  /** What confines containers where AppArmor is on; undefined if the family has none. */
  readonly apparmor?: string;
  /** The policy for containers where SELinux is on; undefined if the family has none. */
  readonly selinux?: string;
  /** A shell script that installs packages without a question, and waits a while for others to end. */
  readonly install: (names: readonly string[]) => string;
  /** Output which says that another process held the lock, or that no package could be had. */
  readonly failures: { readonly locked: RegExp; readonly unavailable: RegExp };
}

/** Every package manager that keelson drives. */
export const packageManagers = { apt, dnf, zypper };

const ownNames = { curl: "curl", haproxy: "haproxy", keepalived: "keepalived" };

/** The package manager of a host; undefined if it has none that keelson can drive. */
export function packageManager({ manager }: PackageFacts): PackageManager | undefined {
  return manager === "none" ? undefined : packageManagers[manager];
}

interface Subject {
  readonly facts: HostFacts;
  readonly cluster: Pick<Cluster, "endpoint">;
  readonly host: Pick<ClusterHost, "role">;
}

/** The commands that are missing on a host: how the cluster's endpoint is kept decides what else there must be. Pure. */
export function missingCommands({
  facts,
  cluster: { endpoint },
  host: { role },
}: Subject): readonly (PackagedCommand | EndpointCommand)[] {
  const needed: readonly (PackagedCommand | EndpointCommand)[] = [
    ...packagedCommands,
    ...(endpoint.mode === "nodeLocal" ? (["haproxy"] as const) : []),
    ...(endpoint.mode === "vip" && role === "controlPlane" ? (["keepalived", "curl"] as const) : []),
  ];
  return needed.filter((name) => !facts.commands.includes(name));
}

/** The packages that a host lacks, sorted; none where keelson knows no package manager. Pure. */
export function missingPackages(subject: Subject): readonly string[] {
  const manager = packageManager(subject.facts.packages);
  if (manager === undefined) return [];
  const commands = missingCommands(subject).map((name) => ({ ...ownNames, ...manager.packageOf })[name]);
  return [...new Set([...commands, ...missingPolicies(subject)])].sort();
}

/** Those of the packages that a host lacks which confine containers: they must be there before the first one. Pure. */
export function missingPolicies({ facts }: Pick<Subject, "facts">): readonly string[] {
  const manager = packageManager(facts.packages);
  const { selinux, apparmor, containerPolicy } = facts.security;
  const needsParser = apparmor && !isContainer(facts) && !facts.commands.includes("apparmor_parser");
  const needed = [
    ...(needsParser ? [manager?.apparmor] : []),
    ...(selinux !== "disabled" && !containerPolicy ? [manager?.selinux] : []),
  ];
  return needed.filter((name) => name !== undefined);
}
