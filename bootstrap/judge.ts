import { addressBy, describePolicy, isAllowed } from "../clusters/address-policy.ts";
import { cidrAround, formatCidr, overlaps, parseCidr } from "../clusters/cidr.ts";
import type { Cidr } from "../clusters/cidr.ts";
import { apiPortOf } from "../clusters/endpoint.ts";
import type { HostFacts } from "../clusters/facts.ts";
import type { Problem } from "../errors.ts";
import { judgeEndpoint } from "./judge-endpoint.ts";
import { judgeOwner } from "./judge-owner.ts";
import { judgeSurroundings } from "./judge-surroundings.ts";
import type { Finding, Judged } from "./judged.ts";
import { missingCommands } from "./packages/managers.ts";
import { balancerUnit } from "./phases/balancer.ts";
import { judgeRegistries } from "./registries/judge.ts";
import { isContainer } from "./view.ts";

/** Everything that is wrong with one host. Pure. */
export function judgeHost(judged: Judged): readonly Problem[] {
  const found = [
    ...judgeOwner(judged),
    ...judgeSystem(judged),
    ...judgeSize(judged),
    ...judgePorts(judged),
    ...judgeNetworks(judged),
    ...judgeEndpoint(judged),
    ...judgeSurroundings(judged),
    ...judgeRegistries(judged),
  ];
  return found.map(([code, message]) => ({ code, where: judged.host.name, message }));
}

function judgeSystem(judged: Judged): Finding[] {
  const { facts } = judged;
  const findings: Finding[] = [];
  if (!facts.systemd) findings.push(["KEELSON_HOST_UNSUPPORTED", `${facts.os.name} does not run systemd`]);
  if (facts.arch !== "amd64") {
    findings.push(["KEELSON_HOST_UNSUPPORTED", `the architecture is "${facts.arch}", supported is amd64`]);
  }
  if (isOlder(facts.kernel, leastKernel)) {
    const message = `kernel ${facts.kernel} is older than ${leastKernel.join(".")}, which kube-proxy needs`;
    findings.push(["KEELSON_HOST_UNSUPPORTED", message]);
  }
  const missing = Object.entries(facts.kernelFeatures).filter(([, state]) => state === "missing");
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(", ");
    findings.push(["KEELSON_HOST_MISSING_CAPABILITY", `kernel ${facts.kernel} lacks ${names}`]);
  }
  const needed = missingCommands(judged);
  if (facts.packages.manager === "none" && needed.length > 0) {
    const message = `lacks ${needed.join(", ")}, and ${facts.os.name} has none of apt, dnf and zypper to install them`;
    findings.push(["KEELSON_HOST_NO_PACKAGES", message]);
  }
  if (!facts.commands.includes("ip") || !facts.commands.includes("ss")) {
    findings.push(["KEELSON_HOST_MISSING_CAPABILITY", "lacks the commands ip and ss of iproute2"]);
  }
  return findings;
}

/** kube-proxy's nftables mode refuses an older one, long after the host was touched. */
const leastKernel = [5, 13] as const;

/** A release that is not known is not judged. */
function isOlder(release: string, [major, minor]: readonly [number, number]): boolean {
  const [, hasMajor, hasMinor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  if (hasMajor === undefined) return false;
  return Number(hasMajor) < major || (Number(hasMajor) === major && Number(hasMinor) < minor);
}

const leastMemoryMiB = { controlPlane: 1700, worker: 700 };
const leastCpus = { controlPlane: 2, worker: 1 };
const leastDiskMiB = { fresh: 4096, running: 512 };

function judgeSize({ host: { role }, facts }: Judged): Finding[] {
  const findings: Finding[] = [];
  if (facts.memoryMiB < leastMemoryMiB[role]) {
    findings.push(
      tooSmall(`${String(facts.memoryMiB)} MiB of memory`, `${String(leastMemoryMiB[role])} MiB`),
    );
  }
  if (facts.cpus < leastCpus[role]) {
    findings.push(tooSmall(`${String(facts.cpus)} processors`, String(leastCpus[role])));
  }
  const least = facts.kubernetes.kubeletConf ? leastDiskMiB.running : leastDiskMiB.fresh;
  const disk = facts.disks.find(({ path }) => path === "/var/lib");
  if (disk && disk.freeMiB < least) {
    findings.push(tooSmall(`${String(disk.freeMiB)} MiB free in /var/lib`, `${String(least)} MiB`));
  }
  return findings;
}

function tooSmall(has: string, needs: string): Finding {
  return ["KEELSON_HOST_TOO_SMALL", `has ${has}, needs at least ${needs}`];
}

const ours = new Set(["kube-apiserver", "etcd", "kubelet", "kube-controller", "kube-scheduler"]);

function judgePorts({ cluster, host, facts }: Judged): Finding[] {
  const controlPlane = [apiPortOf(cluster.endpoint), 2379, 2380, 10257, 10259];
  const { mode, port: endpointPort } = cluster.endpoint;
  const needed = new Set([
    10250,
    ...(host.role === "controlPlane" ? controlPlane : []),
    ...(mode === "nodeLocal" ? [endpointPort] : []),
  ]);
  const balances = facts.units[balancerUnit.name]?.active === true;
  return facts.listening
    .filter(({ port, process }) => needed.has(port) && !ours.has(process))
    .filter(({ port }) => port !== endpointPort || !balances)
    .map(({ port, process }) => ["KEELSON_HOST_PORT_TAKEN", `"${process}" listens on port ${String(port)}`]);
}

const clusterInterfaces = /^(cni0|flannel|cali|vxlan|tunl|kube-|docker0$)/;

/** The ranges of pods and services must be nobody else's; what the cluster itself made does not count. */
function judgeNetworks({ cluster, host, facts }: Judged): Finding[] {
  const findings: Finding[] = [];
  const addresses = facts.addresses.filter((entry) => !clusterInterfaces.test(entry.interface));
  if (addresses.length > 0 && !addresses.some(({ address }) => address === host.nodeAddress)) {
    const has = addresses.map(({ address }) => address).join(", ");
    findings.push([
      "KEELSON_INVALID_INPUT",
      `its node address is to be ${host.nodeAddress}, but it has ${has}`,
    ]);
  }
  const { podCidr, serviceCidr, nodeAddresses } = cluster.network;
  if (nodeAddresses && addresses.length > 0 && !isAllowed(nodeAddresses, addresses, host.nodeAddress)) {
    const better = addressBy(nodeAddresses, addresses);
    const advice = better === undefined ? "and it has none such" : `set nodeAddress to ${better}`;
    const message = `its node address is to be ${host.nodeAddress}, not of ${describePolicy(nodeAddresses)}: ${advice}`;
    findings.push(["KEELSON_INVALID_INPUT", message]);
  }
  for (const [what, text] of Object.entries({ pod: podCidr, service: serviceCidr })) {
    const range = parseCidr(text);
    if (!range) continue;
    for (const taken of networksOf(facts)) {
      if (!overlaps(range, taken)) continue;
      const message = `its network ${formatCidr(taken)} overlaps the ${what} range ${text}`;
      findings.push(["KEELSON_NETWORK_OVERLAP", message]);
    }
  }
  return findings;
}

function networksOf({ addresses, routes }: HostFacts): readonly Cidr[] {
  const own = addresses
    .filter((entry) => !clusterInterfaces.test(entry.interface))
    .map(({ address, prefixLength }) => cidrAround(address, prefixLength));
  const routed = routes
    .filter((route) => route.destination !== "default" && !clusterInterfaces.test(route.interface))
    .map(({ destination }) => parseCidr(destination.includes("/") ? destination : `${destination}/32`));
  const ranges = [...own, ...routed].filter((range) => range !== undefined);
  return [...new Map(ranges.map((range) => [formatCidr(range), range])).values()];
}

/** What is wrong between hosts: clones, and clocks that disagree. Hosts that are judged only by record count too. */
export function judgeTogether(facts: Readonly<Record<string, HostFacts>>): readonly Problem[] {
  const hosts = Object.entries(facts);
  const machines = hosts.filter(([, host]) => !isContainer(host));
  return [
    ...clones(hosts, "host name", ({ hostname }) => hostname),
    ...clones(hosts, "machine-id", ({ machineId }) => machineId),
    ...clones(machines, "product UUID", ({ productUuid }) => productUuid),
    ...skews(hosts),
  ];
}

type NamedFacts = readonly (readonly [string, HostFacts])[];

function clones(hosts: NamedFacts, what: string, valueOf: (facts: HostFacts) => string): Problem[] {
  const firsts = new Map<string, string>();
  return hosts.flatMap(([name, facts]): Problem[] => {
    const value = valueOf(facts);
    const first = firsts.get(value);
    if (value === "") return [];
    if (first === undefined) firsts.set(value, name);
    if (first === undefined) return [];
    return [
      { code: "KEELSON_HOST_DUPLICATE", where: name, message: `has the ${what} of "${first}" ("${value}")` },
    ];
  });
}

const mostSkewMs = 30_000;

function skews(hosts: NamedFacts): Problem[] {
  const offsets = hosts.map(([, { clockOffsetMs }]) => clockOffsetMs).sort((left, right) => left - right);
  const median = offsets[Math.floor((offsets.length - 1) / 2)] ?? 0;
  return hosts
    .filter(([, { clockOffsetMs }]) => Math.abs(clockOffsetMs - median) > mostSkewMs)
    .map(([where, { clockOffsetMs }]) => {
      const seconds = Math.round((clockOffsetMs - median) / 1000);
      const side = seconds > 0 ? "ahead of" : "behind";
      const message = `its clock is ${String(Math.abs(seconds))} s ${side} the other hosts'`;
      return { code: "KEELSON_HOST_CLOCK_SKEW", where, message };
    });
}
