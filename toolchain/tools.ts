import { KeelsonError } from "../errors.ts";
import { thisTarget } from "./artifact.ts";
import type { Artifact } from "./artifact.ts";
import { kubernetesBuild } from "./kubernetes.ts";
import { defaultKubernetes, versions } from "./versions.ts";

const sdkVersion = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** The programs that run on the machine that runs keelson. */
export const tools = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-kubernetes", "kubectl"] as const;

/** What a tool is made from. Throws KEELSON_ARTIFACT_UNAVAILABLE for a name that is none of `tools`. */
export function toolArtifact(name: string): Artifact {
  switch (name) {
    case "pulumi":
      return pulumi();
    case "pulumi-language-nodejs":
      return pulumiLanguage();
    case "pulumi-resource-kubernetes":
      return pulumiKubernetes();
    case "kubectl":
      return kubectl(defaultKubernetes);
  }
  throw new KeelsonError(
    "KEELSON_ARTIFACT_UNAVAILABLE",
    `Cannot prepare "${name}": known are "${tools.join('", "')}"`,
  );
}

/** The client of one Kubernetes version, for this machine. */
export function kubectl(version: string, target = thisTarget()): Artifact {
  return {
    name: "kubectl",
    version,
    target,
    files: ["kubectl"],
    download: ({ kubernetes }) => {
      const url = `${kubernetes}/release/v${version}/bin/${target.os}/${target.arch}/kubectl`;
      return { kind: "files", files: { kubectl: { url, checksums: `${url}.sha256` } } };
    },
    build: kubernetesBuild(version, ["kubectl"], 2),
  };
}

function pulumi(): Artifact {
  const version = versions.pulumi;
  return {
    name: "pulumi",
    version,
    target: thisTarget(),
    files: ["pulumi"],
    installed: { program: "pulumi", args: ["version"], atLeast: version },
    download: (places) => pulumiArchive(places.pulumi, ["pulumi"]),
    build: {
      module: "pulumi",
      packages: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
      tags: ["osusergo", "grpcnotrace"],
      values: { [sdkVersion]: `v${version}` },
      go: "1.25.11",
      minutes: 4,
    },
  };
}

function pulumiLanguage(): Artifact {
  const version = versions.pulumiLanguageNodejs;
  return {
    name: "pulumi-language-nodejs",
    version,
    target: thisTarget(),
    files: ["pulumi-language-nodejs"],
    download: (places) => pulumiArchive(places.pulumi, ["pulumi-language-nodejs"]),
    build: {
      module: "pulumi-language-nodejs",
      packages: {
        "pulumi-language-nodejs": "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      },
      tags: ["osusergo"],
      values: { [sdkVersion]: `v${version}` },
      go: "1.18",
      minutes: 0.5,
    },
  };
}

function pulumiKubernetes(): Artifact {
  const name = "pulumi-resource-kubernetes";
  const version = versions.pulumiKubernetes;
  const target = thisTarget();
  return {
    name,
    version,
    target,
    files: [name],
    download: ({ github }) => {
      const base = `${github}/pulumi/pulumi-kubernetes/releases/download/v${version}`;
      const url = `${base}/${name}-v${version}-${target.os}-${target.arch}.tar.gz`;
      const checksums = `${base}/pulumi-kubernetes_${version}_checksums.txt`;
      return { kind: "archive", archive: { url, checksums }, members: { [name]: name } };
    },
    build: {
      module: name,
      packages: { [name]: "." },
      values: {
        "main.version": version,
        "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version": version,
      },
      go: "1.24.7",
      minutes: 7,
    },
  };
}

function pulumiArchive(
  base: string,
  files: readonly string[],
): ReturnType<NonNullable<Artifact["download"]>> {
  const { os, arch } = thisTarget();
  const folder = `${base}/releases/sdk`;
  const url = `${folder}/pulumi-v${versions.pulumi}-${os}-${arch === "amd64" ? "x64" : arch}.tar.gz`;
  const checksums = `${folder}/pulumi-${versions.pulumi}-checksums.txt`;
  return {
    kind: "archive",
    archive: { url, checksums },
    members: Object.fromEntries(files.map((file) => [file, `pulumi/${file}`])),
  };
}
