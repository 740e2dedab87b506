import { thisTarget } from "./artifact.ts";
import type { Artifact, GoBuild, ResolvedArtifact } from "./artifact.ts";
import { resolveArtifact } from "./resolve.ts";
import { settings } from "./settings.ts";
import type { ToolchainOptions } from "./settings.ts";

/** The programs that judge manifests in the tests: other people's opinions on what the constructs render. */
export const checkers = ["pod-security", "kube-score", "kubeconform"] as const;

export type Checker = (typeof checkers)[number];

/** Finds a checker as `resolve` does a tool. Throws what it throws. */
export async function resolveChecker(
  name: Checker,
  options: ToolchainOptions = {},
): Promise<ResolvedArtifact> {
  return await resolveArtifact(checkerArtifact(name), settings(options));
}

/** What a checker is made from. */
export function checkerArtifact(name: Checker): Artifact {
  const { version, ...build } = recipes[name];
  return { name, version, target: thisTarget(), files: [name], build: { module: name, ...build } };
}

const recipes: Readonly<Record<Checker, Omit<GoBuild, "module"> & { readonly version: string }>> = {
  "pod-security": { version: "0.36.3", packages: { "pod-security": "." }, go: "1.26.0", minutes: 1 },
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
};
