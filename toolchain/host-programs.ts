import { hostTarget } from "./artifact.ts";
import type { Artifact } from "./artifact.ts";
import { versions } from "./versions.ts";

/** The CNI plugins that every node gets. */
export const cniPluginNames = ["loopback", "host-local", "portmap", "bridge", "bandwidth", "tuning"] as const;

/** etcd with its two clients. */
export function etcd(version: string): Artifact {
  const target = hostTarget();
  const { arch } = target;
  return {
    name: "etcd",
    version,
    target,
    files: ["etcd", "etcdctl", "etcdutl"],
    download: ({ github }) => {
      const base = `${github}/etcd-io/etcd/releases/download/v${version}`;
      const folder = `etcd-v${version}-linux-${arch}`;
      const archive = { url: `${base}/${folder}.tar.gz`, checksums: `${base}/SHA256SUMS` };
      const members = { etcd: `${folder}/etcd`, etcdctl: `${folder}/etcdctl`, etcdutl: `${folder}/etcdutl` };
      return { kind: "archive", archive, members };
    },
    build: {
      module: `etcd/${version}`,
      packages: {
        etcd: "go.etcd.io/etcd/server/v3",
        etcdctl: "go.etcd.io/etcd/etcdctl/v3",
        etcdutl: "go.etcd.io/etcd/etcdutl/v3",
      },
      values: { "go.etcd.io/etcd/api/v3/version.GitSHA": "keelson" },
      go: "1.24",
      minutes: 1,
    },
  };
}

/** containerd with its client and its shim. */
export function containerd(): Artifact {
  const version = versions.containerd;
  const target = hostTarget();
  const files = ["containerd", "ctr", "containerd-shim-runc-v2"];
  const module = "github.com/containerd/containerd/v2";
  return {
    name: "containerd",
    version,
    target,
    files,
    download: ({ github }) => {
      const url = `${github}/containerd/containerd/releases/download/v${version}/containerd-${version}-linux-${target.arch}.tar.gz`;
      const members = Object.fromEntries(files.map((file) => [file, `bin/${file}`]));
      return { kind: "archive", archive: { url, checksums: `${url}.sha256sum` }, members };
    },
    build: {
      module: "containerd",
      packages: Object.fromEntries(files.map((file) => [file, `${module}/cmd/${file}`])),
      tags: ["no_btrfs", "no_devmapper", "no_zfs", "urfave_cli_no_docs"],
      values: { [`${module}/version.Version`]: `v${version}`, [`${module}/version.Package`]: module },
      go: "1.26.8",
      minutes: 2,
    },
  };
}

/** The low-level container runtime. */
export function runc(): Artifact {
  const version = versions.runc;
  const target = hostTarget();
  return {
    name: "runc",
    version,
    target,
    files: ["runc"],
    download: ({ github }) => {
      const base = `${github}/opencontainers/runc/releases/download/v${version}`;
      const checked = { url: `${base}/runc.${target.arch}`, checksums: `${base}/runc.sha256sum` };
      return { kind: "files", files: { runc: checked } };
    },
    build: {
      module: "runc",
      packages: { runc: "github.com/opencontainers/runc" },
      tags: ["urfave_cli_no_docs", "seccomp", "netgo", "osusergo"],
      values: { "main.gitCommit": "keelson" },
      c: ["gcc", "libc6-dev", "libseccomp-dev", "pkg-config"],
      go: "1.24.0",
      minutes: 0.6,
    },
  };
}

/** The reference CNI plugins. */
export function cniPlugins(): Artifact {
  const version = versions.cniPlugins;
  const target = hostTarget();
  const module = "github.com/containernetworking/plugins";
  const folders: Readonly<Record<string, string>> = {
    loopback: "main",
    bridge: "main",
    "host-local": "ipam",
    portmap: "meta",
    bandwidth: "meta",
    tuning: "meta",
  };
  return {
    name: "cni-plugins",
    version,
    target,
    files: cniPluginNames,
    download: ({ github }) => {
      const url = `${github}/containernetworking/plugins/releases/download/v${version}/cni-plugins-linux-${target.arch}-v${version}.tgz`;
      const members = Object.fromEntries(cniPluginNames.map((name) => [name, `./${name}`]));
      return { kind: "archive", archive: { url, checksums: `${url}.sha256` }, members };
    },
    build: {
      module: "cni-plugins",
      packages: Object.fromEntries(
        cniPluginNames.map((name) => [name, `${module}/plugins/${folders[name] ?? ""}/${name}`]),
      ),
      values: { [`${module}/pkg/utils/buildversion.BuildVersion`]: `v${version}` },
      go: "1.24.2",
      minutes: 0.5,
    },
  };
}
