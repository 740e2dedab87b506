import { hostTarget } from "./artifact.ts";
import type { Artifact, GoBuild } from "./artifact.ts";

/** The programs that prepare a node and run it. */
export function kubernetesNode(version: string): Artifact {
  return kubernetes("kubernetes-node", version, ["kubeadm", "kubelet"]);
}

/** The programs that run from images. */
export function kubernetesServers(version: string): Artifact {
  const names = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"];
  return kubernetes("kubernetes-servers", version, names);
}

/** The API server alone. */
export function kubeApiServer(version: string): Artifact {
  return kubernetes("kube-apiserver", version, ["kube-apiserver"]);
}

function kubernetes(name: string, version: string, files: readonly string[]): Artifact {
  const target = hostTarget();
  return {
    name,
    version,
    target,
    files,
    download: (places) => {
      const base = `${places.kubernetes}/release/v${version}/bin/${target.os}/${target.arch}`;
      const checked = files.map(
        (file) => [file, { url: `${base}/${file}`, checksums: `${base}/${file}.sha256` }] as const,
      );
      return { kind: "files", files: Object.fromEntries(checked) };
    },
    build: kubernetesBuild(version, files, 4),
  };
}

/** How programs of a Kubernetes version are built. */
export function kubernetesBuild(version: string, names: readonly string[], minutes: number): GoBuild {
  const [major = "", minor = ""] = version.split(".");
  const stamps = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((path) => [
    [`${path}.gitVersion`, `v${version}`],
    [`${path}.gitMajor`, major],
    [`${path}.gitMinor`, minor],
    [`${path}.gitTreeState`, "clean"],
    [`${path}.gitCommit`, "keelson"],
    [`${path}.buildDate`, "1970-01-01T00:00:00Z"],
  ]);
  return {
    module: `kubernetes/${version}`,
    packages: Object.fromEntries(names.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`])),
    values: Object.fromEntries(stamps) as Readonly<Record<string, string>>,
    go: Number(minor) < 36 ? "1.25.0" : "1.26.0",
    minutes,
  };
}
