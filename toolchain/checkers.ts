import { join } from "node:path";
import { thisTarget } from "./artifact.ts";
import type { Artifact, GoBuild, ResolvedArtifact } from "./artifact.ts";
import { etcd } from "./host-programs.ts";
import { kubeApiServer, kubernetesServers } from "./kubernetes.ts";
import { resolveArtifact } from "./resolve.ts";
import { settings } from "./settings.ts";
import type { ToolchainOptions } from "./settings.ts";
import { defaultKubernetes, releaseOf } from "./versions.ts";

/**
 * Programs of others that tests compare with or work against: their opinions on what the constructs render, on the health
 * of objects, and a server of S3.
 */
export const checkers = ["pod-security", "kube-score", "kubeconform", "kstatus", "versitygw"] as const;

export type Checker = (typeof checkers)[number];

/** Finds a checker as `resolve` does a tool. Throws what it throws. */
export async function resolveChecker(
  name: Checker,
  options: ToolchainOptions = {},
): Promise<ResolvedArtifact> {
  return await resolveArtifact(checkerArtifact(name), settings(options));
}

/** The Kubernetes versions whose API servers judge manifests: one of each minor that constructs render for. */
export const apiServerVersions = ["1.34.4", "1.35.4", "1.36.3"] as const;

/** An API server, and an etcd for it: paths of the programs. */
export interface ApiServerPrograms {
  readonly apiServer: string;
  readonly etcd: string;
}

/** Finds the programs of an API server as `resolve` does a tool. Throws what it throws. */
export async function resolveApiServer(
  version: string,
  options: ToolchainOptions = {},
): Promise<ApiServerPrograms> {
  const toolchain = settings(options);
  const server = await resolveArtifact(apiServerArtifact(version), toolchain);
  const store = await resolveArtifact(etcd(releaseOf(defaultKubernetes).etcd), toolchain);
  return { apiServer: join(server.directory, "kube-apiserver"), etcd: join(store.directory, "etcd") };
}

/** What an API server is made from: with the others of its bundle, if every run has that bundle, else alone. */
export function apiServerArtifact(version: string): Artifact {
  return version === defaultKubernetes ? kubernetesServers(version) : kubeApiServer(version);
}

/** What a checker is made from. */
export function checkerArtifact(name: Checker): Artifact {
  const { version, ...build } = recipes[name];
  return { name, version, target: thisTarget(), files: [name], build: { module: name, ...build } };
}

const recipes: Readonly<Record<Checker, Omit<GoBuild, "module"> & { readonly version: string }>> = {
  "pod-security": { version: "0.36.3", packages: { "pod-security": "." }, go: "1.26.0", minutes: 1 },
  kstatus: { version: "0.37.2", packages: { kstatus: "." }, go: "1.26.0", minutes: 0.5 },
  "kube-score": {
    version: "1.20.0",
    packages: { "kube-score": "github.com/zegl/kube-score/cmd/kube-score" },
    go: "1.24.0",
    minutes: 0.5,
  },
  kubeconform: {
    version: "0.8.0",
    packages: { kubeconform: "github.com/yannh/kubeconform/cmd/kubeconform" },
    go: "1.26",
    minutes: 0.2,
  },
  versitygw: {
    version: "1.8.0",
    packages: { versitygw: "github.com/versity/versitygw/cmd/versitygw" },
    go: "1.26.0",
    minutes: 1,
  },
};
