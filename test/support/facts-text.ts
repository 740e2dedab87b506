import { paths } from "../../bootstrap/paths.ts";
import { askedFeatures } from "../../bootstrap/facts/kernel.ts";
import { sysctlPath } from "../../bootstrap/sysctl-path.ts";
import type { HostFacts } from "../../clusters/facts.ts";

/** What a host's look prints that is as these facts say: the other way round of `parseFacts`, without certificates. */
export function factsText(facts: HostFacts): string {
  const sections = { ...identity(facts), ...system(facts), ...kubernetes(facts), end: [] };
  return Object.entries<readonly string[]>(sections)
    .map(([name, lines]) => `\u001e${name}\n${lines.map((line) => `${line}\n`).join("")}`)
    .join("");
}

type Sections = Readonly<Record<string, readonly string[]>>;

function identity(facts: HostFacts): Sections {
  const { os, addresses } = facts;
  return {
    clock: [String((Date.now() + facts.clockOffsetMs) / 1000)],
    hostname: [facts.hostname],
    machineId: [facts.machineId],
    productUuid: [facts.productUuid],
    os: [`ID=${os.id}`, `VERSION_ID="${os.versionId}"`, `PRETTY_NAME="${os.name}"`],
    uname: [facts.kernel, facts.arch === "amd64" ? "x86_64" : facts.arch],
    virtualization: [facts.virtualization],
    init: [facts.systemd ? "systemd" : "init"],
    cpus: [String(facts.cpus)],
    memory: [`MemTotal: ${String(facts.memoryMiB * 1024)} kB`],
    capabilities: [`CapEff: ${facts.canRaiseLimits ? "000001ffffffffff" : "000001fffeffffff"}`],
    cgroup: [facts.cgroupVersion === 2 ? "cgroup2fs" : "tmpfs"],
    links: addresses.map(
      (each, index) => `${String(index + 2)}: ${each.interface}: <UP> mtu ${String(each.mtu)}`,
    ),
    addresses: addresses.map(
      ({ interface: link, address, prefixLength }, index) =>
        `${String(index + 2)}: ${link}    inet ${address}/${String(prefixLength)} scope global ${link}`,
    ),
    routes: facts.routes.map(({ destination, interface: link }) => `${destination} via 10.0.0.1 dev ${link}`),
  };
}

function system(facts: HostFacts): Sections {
  const features = Object.keys(askedFeatures).map(
    (name) => `${name} ${facts.kernelFeatures[name] ?? "missing"}`,
  );
  const units = Object.entries(facts.units).flatMap(([name, { active, enabled, stale }]) => [
    `Id=${name}`,
    `ActiveState=${active ? "active" : "inactive"}`,
    `UnitFileState=${enabled ? "enabled" : "disabled"}`,
    `NeedDaemonReload=${stale ? "yes" : "no"}`,
    "MainPID=1",
    "",
  ]);
  return {
    modules: features,
    sysctls: Object.entries(facts.sysctls).map(
      ([name, { writable }]) => `${sysctlPath(name)} ${writable ? "644" : "444"}`,
    ),
    ...Object.fromEntries(
      Object.entries(facts.sysctls).map(([name, { value }]) => [`sysctl:${name}`, [value]]),
    ),
    commands: facts.commands,
    holders: facts.packages.holders,
    localhost: facts.names.localhost,
    resolvers: facts.names.nameservers.map((address) => `nameserver ${address}`),
    listening: facts.listening.map(
      ({ port, process }) =>
        `LISTEN 0 128 0.0.0.0:${String(port)} 0.0.0.0:* users:(("${process}",pid=1,fd=3))`,
    ),
    disks: facts.disks.map(
      ({ path, device, sizeMiB, freeMiB }) =>
        `${path} ${device} ${String(sizeMiB)} 0 ${String(freeMiB)} 1% /`,
    ),
    owner: facts.owner === undefined ? [] : [JSON.stringify(facts.owner)],
    files: Object.entries(facts.files).map(([path, { sha256, mode }]) => `${sha256} ${mode} ${path}`),
    units,
    listedUnits: [
      ...(facts.timeService === "" ? [] : [`${facts.timeService}.service loaded active running`]),
      ...facts.running.map((unit) => `${unit} loaded active running`),
    ],
  };
}

function kubernetes({ kubernetes: seen, images }: HostFacts): Sections {
  const present: readonly [boolean, string][] = [
    [seen.kubeletConf, paths.kubeletConf],
    [seen.bootstrapKubeletConf, paths.bootstrapKubeletConf],
    [seen.adminConf, paths.adminConf],
    [seen.etcdData, `${paths.etcdData}/member`],
  ];
  return {
    present: present.flatMap(([isThere, path]) => (isThere ? [path] : [])),
    initialized: seen.initialized === undefined ? [] : [seen.initialized],
    kubeconfigs: Object.entries(seen.servers ?? {}).map(([path, server]) => `${path}:    server: ${server}`),
    manifests: seen.manifests,
    api: seen.apiReady ? ["ok"] : [],
    kubelet: seen.kubeletHealthy ? ["ok"] : [],
    images: images.names,
    archives: images.archives,
  };
}
