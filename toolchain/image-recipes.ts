import type { Artifact } from "./artifact.ts";
import type { BundleImages, BundleRole } from "./bundle.ts";
import { etcd } from "./host-programs.ts";
import { calicoNode, coredns, demo, example, flannel, pause, traefik } from "./image-programs.ts";
import { kubernetesServers } from "./kubernetes.ts";
import type { ImageConfig } from "./oci.ts";
import { versions } from "./versions.ts";
import type { KubernetesRelease } from "./versions.ts";

/** An image: its official name, and how it is composed here when no registry can be reached. */
export interface ImageRecipe {
  /** With registry and tag. */
  readonly name: string;
  readonly role: BundleRole;
  readonly artifact: Artifact;
  /** Where each program lies in the image, which is where the official image has it. */
  readonly programs: Readonly<Record<string, string>>;
  /** Whether it needs the packet filter's tools and a shell. */
  readonly hasBase: boolean;
  readonly config: ImageConfig;
  /** False for an image that no registry has. */
  readonly isPublic: boolean;
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The names that manifests and kubeadm use. */
export function imageNames(release: KubernetesRelease): BundleImages {
  const calicoNode = `quay.io/calico/node:v${versions.calico}`;
  return {
    pause: `registry.k8s.io/pause:${release.pause}`,
    coredns: `registry.k8s.io/coredns/coredns:v${release.coredns}`,
    etcd: `registry.k8s.io/etcd:${release.etcd}${release.etcdSuffix}`,
    kubeProxy: `registry.k8s.io/kube-proxy:v${release.kubernetes}`,
    flannel: `ghcr.io/flannel-io/flannel:v${versions.flannel}`,
    calicoNode,
    // The plugin is a file of the bundle, so no node needs an image that brings it.
    calicoCni: calicoNode,
  };
}

/** The images of a Kubernetes version. */
export function imageRecipes(release: KubernetesRelease): readonly ImageRecipe[] {
  return [...nodeRecipes(release), ...serverRecipes(release)];
}

function nodeRecipes(release: KubernetesRelease): readonly ImageRecipe[] {
  const names = imageNames(release);
  const node = { role: "node", isPublic: true, hasBase: false } as const;
  return [
    {
      ...node,
      name: names.pause,
      artifact: pause(release.pause),
      programs: { pause: "pause" },
      config: { Entrypoint: ["/pause"], User: "65535:65535", WorkingDir: "/" },
    },
    {
      ...node,
      name: names.coredns,
      artifact: coredns(release.coredns),
      programs: { coredns: "coredns" },
      config: { Entrypoint: ["/coredns"], Env: [path], WorkingDir: "/" },
    },
    {
      ...node,
      name: names.kubeProxy,
      artifact: kubernetesServers(release.kubernetes),
      programs: { "kube-proxy": "usr/local/bin/kube-proxy" },
      hasBase: true,
      config: { Env: [path], WorkingDir: "/" },
    },
    {
      ...node,
      name: names.flannel,
      artifact: flannel(),
      programs: { flanneld: "opt/bin/flanneld" },
      hasBase: true,
      config: { Entrypoint: ["/opt/bin/flanneld"], Env: [path], WorkingDir: "/" },
    },
    {
      ...node,
      name: names.calicoNode,
      artifact: calicoNode(),
      programs: { "calico-node": "usr/bin/calico-node" },
      hasBase: true,
      config: { Cmd: ["calico-node", "-felix"], Env: [path], WorkingDir: "/" },
    },
  ];
}

function serverRecipes(release: KubernetesRelease): readonly ImageRecipe[] {
  const servers = kubernetesServers(release.kubernetes);
  const recipe = (name: string, artifact: Artifact, programs: readonly string[]): ImageRecipe => ({
    name,
    role: "controlPlane",
    artifact,
    programs: Object.fromEntries(programs.map((program) => [program, `usr/local/bin/${program}`])),
    hasBase: false,
    config: { Env: [path], WorkingDir: "/" },
    isPublic: true,
  });
  return [
    ...["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((program) =>
      recipe(`registry.k8s.io/${program}:v${release.kubernetes}`, servers, [program]),
    ),
    recipe(imageNames(release).etcd, etcd(release.etcd), ["etcd", "etcdctl", "etcdutl"]),
  ];
}

/** Images beside Kubernetes' own, for examples and tests. */
export const extraImageNames = ["demo", "example", "traefik"] as const;
export type ExtraImage = (typeof extraImageNames)[number];

/** The recipe of an extra image. */
export function extraImageRecipe(name: ExtraImage): ImageRecipe {
  if (name === "traefik") return traefikRecipe();
  const artifact = { demo, example }[name]();
  const program = `keelson-${name}`;
  return {
    name: `keelson.dev/${name}:${artifact.version}`,
    role: "node",
    artifact,
    programs: { [program]: program },
    hasBase: false,
    config: {
      Entrypoint: [`/${program}`],
      Env: [path],
      User: "65532:65532",
      WorkingDir: "/",
      ExposedPorts: { "8080/tcp": {} },
    },
    isPublic: false,
  };
}

function traefikRecipe(): ImageRecipe {
  return {
    name: `docker.io/library/traefik:v${versions.traefik}`,
    role: "node",
    artifact: traefik(),
    programs: { traefik: "usr/local/bin/traefik" },
    hasBase: false,
    config: { Entrypoint: ["/usr/local/bin/traefik"], Env: [path], WorkingDir: "/" },
    isPublic: true,
  };
}
