import type {
  DiskFacts,
  HostAddress,
  HostFacts,
  HostRoute,
  KernelFeature,
  KubernetesFacts,
  ListeningPort,
  OwnerToken,
} from "../../clusters/facts.ts";
import { paths } from "../paths.ts";
import { sysctlName } from "../sysctl-path.ts";
import { parseCertificates } from "./certificates.ts";
import { parseDigests } from "./digests.ts";
import { parseKubeletSettings } from "../kubelet-settings/facts.ts";
import { parseHostFiles } from "../host-files/facts.ts";
import { parseRegistries } from "../registries/facts.ts";
import { parseStaticPods } from "../static-pods/facts.ts";
import { parseFirewall } from "./firewall.ts";
import { parseFirstBoot, parsePackages } from "./first-boot.ts";
import { askedFeatures } from "./kernel.ts";
import { parseRunning } from "./listed-units.ts";
import { readSections } from "./sections.ts";
import type { Sections } from "./sections.ts";
import { parseNames, parseOs, parseSecurity, parseTimeService } from "./surroundings.ts";
import { parseSwap } from "./swap.ts";
import { parseSync } from "./sync-latency.ts";
import { parseUnits } from "./units.ts";

/**
 * Reads the output of the facts script.
 *
 * @param middleMs this computer's clock in the middle of the look, milliseconds since 1970
 * @throws KeelsonError KEELSON_COMMAND_FAILED if the output was cut off
 */
export function parseFacts(output: string, middleMs: number): HostFacts {
  const sections = readSections(output);
  const { text, lines } = sections;
  const owner = parseOwner(text("owner"));
  const os = parseOs(sections);
  const syncMs = parseSync(sections);
  const [kernel = "", machine = ""] = text("uname").split(/\s+/);
  return {
    hostname: text("hostname"),
    machineId: text("machineId"),
    productUuid: text("productUuid").toLowerCase(),
    os,
    kernel,
    arch: architecture(machine),
    virtualization: text("virtualization") || "none",
    systemd: text("init") === "systemd",
    cpus: Number(text("cpus")) || 0,
    memoryMiB: Math.floor(Number(/MemTotal:\s+(\d+)/.exec(text("memory"))?.[1] ?? 0) / 1024),
    clockOffsetMs: Math.round(Number(text("clock")) * 1000 - middleMs),
    timeService: parseTimeService(sections),
    firstBoot: parseFirstBoot(sections),
    addresses: parseAddresses(lines("addresses"), parseMtus(lines("links"))),
    routes: parseRoutes(lines("routes")),
    cgroupVersion: text("cgroup") === "cgroup2fs" ? 2 : 1,
    canRaiseLimits: hasCapability(text("capabilities"), 24n),
    swap: parseSwap(sections),
    kernelFeatures: parseFeatures(lines("modules"), lines("filesystems"), lines("symbols")),
    sysctls: parseSysctls(sections),
    commands: lines("commands"),
    packages: parsePackages(sections, os),
    security: parseSecurity(sections),
    firewall: parseFirewall(sections),
    names: parseNames(sections),
    routerIds: lines("routerIds").map(Number),
    resolves: Object.fromEntries(
      lines("resolves")
        .map((line) => line.split(" "))
        .map(([name = "", answer]) => [name, answer === "yes"]),
    ),
    listening: parseListening(lines("listening")),
    disks: parseDisks(lines("disks")),
    ...(syncMs !== undefined && { syncMs }),
    files: parseDigests(lines("files")),
    registries: parseRegistries(sections),
    hostFiles: parseHostFiles(sections),
    dueHooks: lines("dueHooks"),
    units: parseUnits(sections),
    running: parseRunning(sections),
    ...(owner && { owner }),
    kubernetes: parseKubernetes(sections),
    images: { names: lines("images"), archives: lines("archives") },
    traces: ["mounts", "interfaces", "namespaces", "tables", "sets", "folders"].flatMap(lines),
  };
}

function architecture(machine: string): string {
  return { x86_64: "amd64", aarch64: "arm64" }[machine] ?? machine;
}

function parseMtus(lines: readonly string[]): Map<string, number> {
  return new Map(
    lines.flatMap((line) => {
      const match = /^\d+: ([^:@]+)[:@].* mtu (\d+)/.exec(line);
      return match ? [[match[1] ?? "", Number(match[2])]] : [];
    }),
  );
}

function parseAddresses(lines: readonly string[], mtus: ReadonlyMap<string, number>): HostAddress[] {
  return lines.flatMap((line) => {
    const match = /^\d+: (\S+)\s+inet6? ([^/ ]+)(?:\/(\d+))?.* scope global/.exec(line);
    if (!match) return [];
    const [, name = "", address = "", prefix] = match;
    const whole = address.includes(":") ? 128 : 32;
    const prefixLength = prefix === undefined ? whole : Number(prefix);
    return [{ interface: name, address, prefixLength, mtu: mtus.get(name) ?? 1500 }];
  });
}

function parseRoutes(lines: readonly string[]): HostRoute[] {
  return lines.flatMap((line) => {
    const match = /^(?:unicast )?(default|[\da-f.:]+(?:\/\d+)?) .*?\bdev (\S+)/.exec(line);
    // The way out is IPv4's; that of IPv6 comes from router advertisements, often by another link.
    if (!match || match[1]?.startsWith("fe80") === true || /^default via [\da-f]*:/.test(line)) return [];
    return [{ destination: match[1] ?? "", interface: match[2] ?? "" }];
  });
}

function hasCapability(status: string, bit: bigint): boolean {
  const effective = /CapEff:\s+([\da-f]+)/.exec(status)?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n;
}

function parseFeatures(
  modules: readonly string[],
  filesystems: readonly string[],
  symbols: readonly string[],
): Record<string, KernelFeature> {
  const seen = new Map<string, string | undefined>(
    modules.map((line) => [line.split(" ")[0] ?? "", line.split(" ")[1]]),
  );
  const proven = new Set([
    ...symbols.map((line) => line.trim()),
    ...filesystems.map((line) => line.split("\t")[1]),
  ]);
  return Object.fromEntries(
    Object.entries(askedFeatures).map(([name, symbol]): [string, KernelFeature] => {
      const state = seen.get(name);
      if (state === "loaded" || state === "builtin") return [name, state];
      if (proven.has(name) || proven.has(symbol)) return [name, "builtin"];
      return [name, state === "loadable" ? state : "missing"];
    }),
  );
}

function parseSysctls({ text, lines }: Sections): HostFacts["sysctls"] {
  return Object.fromEntries(
    lines("sysctls").map((line) => {
      const [path = "", mode = ""] = line.split(" ");
      const name = sysctlName(path);
      const value = text(`sysctl:${name}`).replace(/\s+/g, " ");
      return [name, { value, writable: (Number.parseInt(mode, 8) & 0o200) !== 0 }];
    }),
  );
}

function parseListening(lines: readonly string[]): ListeningPort[] {
  const ports = lines.map((line) => ({
    port: Number(/:(\d+)$/.exec(line.split(/\s+/)[3] ?? "")?.[1] ?? 0),
    process: /\(\("([^"]+)"/.exec(line)?.[1] ?? "",
  }));
  return [...new Map(ports.map((entry) => [`${String(entry.port)} ${entry.process}`, entry])).values()];
}

function parseDisks(lines: readonly string[]): DiskFacts[] {
  return lines.flatMap((line) => {
    const [path = "", device = "", size, , free] = line.split(/\s+/);
    // The first line names the columns.
    if (free === undefined || !path.startsWith("/")) return [];
    return [{ path, device, sizeMiB: Number(size), freeMiB: Number(free) }];
  });
}

function parseOwner(text: string): OwnerToken | undefined {
  if (text === "") return undefined;
  const token = parseJson(text);
  if (typeof token === "object" && token !== null && "clusterId" in token) return token as OwnerToken;
  // A claim that was cut off says nothing about whose host it is: it counts as somebody's.
  return { clusterId: "unreadable", clusterName: "unreadable", nodeName: "", role: "worker", kubernetes: "" };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseKubernetes(sections: Sections): KubernetesFacts {
  const { text, lines } = sections;
  const present = new Set(lines("present"));
  const initialized = text("initialized");
  const staticPods = parseStaticPods(sections);
  const kubelet = parseKubeletSettings(sections);
  const { caSha256, apiNames, ends, servers } = parseCertificates(sections);
  return {
    ...(caSha256 !== undefined && { caSha256 }),
    kubeletConf: present.has(paths.kubeletConf),
    bootstrapKubeletConf: present.has(paths.bootstrapKubeletConf),
    adminConf: present.has(paths.adminConf),
    manifests: lines("manifests"),
    etcdData: present.has(`${paths.etcdData}/member`),
    ...(initialized !== "" && { initialized }),
    servers,
    ...(apiNames !== undefined && { apiNames }),
    certificates: ends,
    ...(Object.keys(staticPods).length > 0 && { staticPods }),
    ...(kubelet && { kubelet }),
    ...(text("certSans") !== "" && { certSans: lines("certSans") }),
    apiReady: text("api") === "ok",
    kubeletHealthy: text("kubelet").endsWith("ok"),
  };
}
