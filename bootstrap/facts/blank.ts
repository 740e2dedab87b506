import type { ClusterHost } from "../../clusters/cluster.ts";
import type { HostFacts } from "../../clusters/facts.ts";
import { askedFeatures } from "./kernel.ts";

/** The facts of a host that does not exist yet: a usual server with nothing on it. */
export function blankFacts(host: Pick<ClusterHost, "name">): HostFacts {
  return {
    hostname: host.name,
    machineId: "",
    productUuid: "",
    os: { id: "debian", versionId: "12", name: "assumed", family: "debian" },
    kernel: "",
    arch: "amd64",
    virtualization: "none",
    systemd: true,
    cpus: 2,
    memoryMiB: 4096,
    clockOffsetMs: 0,
    timeService: "systemd-timesyncd",
    firstBoot: false,
    addresses: [],
    routes: [],
    cgroupVersion: 2,
    canRaiseLimits: true,
    swap: { active: [], configured: [] },
    kernelFeatures: Object.fromEntries(Object.keys(askedFeatures).map((name) => [name, "loadable" as const])),
    sysctls: {},
    commands: ["apt-get", "ip", "losetup", "modprobe", "ss"],
    packages: { manager: "apt", interrupted: false, holders: [] },
    security: { selinux: "disabled", containerPolicy: false, apparmor: false, legacyTables: [] },
    firewall: { manager: "none", open: {}, zones: {} },
    names: { localhost: ["127.0.0.1"], nameservers: [], upstream: "" },
    listening: [],
    disks: [],
    files: {},
    units: {},
    running: [],
    kubernetes: {
      kubeletConf: false,
      bootstrapKubeletConf: false,
      adminConf: false,
      manifests: [],
      etcdData: false,
      apiReady: false,
      kubeletHealthy: false,
    },
    images: { names: [], archives: [] },
    traces: [],
  };
}
