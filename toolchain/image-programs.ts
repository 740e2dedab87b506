import { hostTarget } from "./artifact.ts";
import type { Artifact } from "./artifact.ts";
import { versions } from "./versions.ts";

/** The cluster's name server; its official form is the image. */
export function coredns(version: string): Artifact {
  return {
    name: "coredns",
    version,
    target: hostTarget(),
    files: ["coredns"],
    build: {
      module: `coredns/${version}`,
      packages: { coredns: "." },
      tags: ["grpcnotrace"],
      values: { "github.com/coredns/coredns/coremain.GitCommit": "keelson" },
      go: "1.24.0",
      minutes: 2,
    },
  };
}

/** The pod network's daemon, with the vxlan and host-gw backends. */
export function flannel(): Artifact {
  return {
    name: "flannel",
    version: versions.flannel,
    target: hostTarget(),
    files: ["flanneld"],
    build: {
      module: "flannel",
      packages: { flanneld: "." },
      values: { "github.com/flannel-io/flannel/pkg/version.Version": `v${versions.flannel}` },
      go: "1.25.0",
      minutes: 1,
    },
  };
}

/** The policy engine of the pod network. */
export function calicoNode(): Artifact {
  const version = versions.calico;
  const module = "github.com/projectcalico/calico/node";
  return {
    name: "calico-node",
    version,
    target: hostTarget(),
    files: ["calico-node"],
    build: {
      module: "calico",
      packages: { "calico-node": `${module}/cmd/calico-node` },
      values: {
        [`${module}/buildinfo.GitVersion`]: `v${version}`,
        [`${module}/pkg/lifecycle/startup.VERSION`]: `v${version}`,
      },
      go: "1.23.8",
      minutes: 3,
    },
  };
}

/** The CNI plugin of the pod network; its official form is a file of an image. */
export function calicoCni(): Artifact {
  const version = versions.calico;
  return {
    name: "calico-cni",
    version,
    target: hostTarget(),
    files: ["calico"],
    download: () => ({
      kind: "image",
      image: `quay.io/calico/cni:v${version}`,
      members: { calico: "opt/cni/bin/calico" },
    }),
    build: {
      module: "calico",
      packages: { calico: "github.com/projectcalico/calico/cni-plugin/cmd/calico" },
      values: { "main.VERSION": `v${version}` },
      go: "1.23.8",
      minutes: 1,
    },
  };
}

/** The process that holds a pod's namespaces. */
export function pause(version: string): Artifact {
  return {
    name: "pause",
    version,
    target: hostTarget(),
    files: ["pause"],
    build: { module: "pause", packages: { pause: "." }, go: "1.24.0", minutes: 0.1 },
  };
}

/** A controller of the Gateway API and of Ingress objects; its official form is the image. */
export function traefik(): Artifact {
  return {
    name: "traefik",
    version: versions.traefik,
    target: hostTarget(),
    files: ["traefik"],
    build: {
      module: "traefik",
      packages: { traefik: "github.com/traefik/traefik/v3/cmd/traefik" },
      values: { "github.com/traefik/traefik/v3/pkg/version.Version": versions.traefik },
      go: "1.25.0",
      minutes: 6,
    },
  };
}

/** A small HTTP server that tells where it runs. */
export function demo(): Artifact {
  return ownProgram("demo", versions.demo);
}

/** A program that plays every part of the examples. */
export function example(): Artifact {
  return ownProgram("example", versions.example);
}

function ownProgram(name: string, version: string): Artifact {
  const program = `keelson-${name}`;
  return {
    name,
    version,
    target: hostTarget(),
    files: [program],
    build: {
      module: name,
      packages: { [program]: "." },
      values: { "main.version": version },
      go: "1.24.0",
      minutes: 0.1,
    },
  };
}
