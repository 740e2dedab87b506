import type { ControlPlaneView } from "../../bootstrap/view.ts";
import type { NodeView } from "../../bootstrap/phases/node.ts";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import type { Intent, Operation } from "../../bootstrap/operation.ts";
import type { Cluster, ClusterHost } from "../../clusters/cluster.ts";
import type { Bundle } from "../../toolchain/bundle.ts";
import { fakePool } from "./fake-runner.ts";
import type { SimulatedHost } from "./simulated-host.ts";

export const cluster: Cluster = {
  name: "edge",
  kubernetes: "1.35.4",
  endpoint: { mode: "address", host: "10.0.0.11", port: 6443 },
  network: {
    cni: "canal",
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/16",
    dnsDomain: "cluster.local",
  },
};

export function clusterHost(role: ClusterHost["role"], changes: Partial<ClusterHost> = {}): ClusterHost {
  const name = role === "worker" ? "w1" : "cp1";
  const nodeAddress = role === "worker" ? "10.0.0.21" : "10.0.0.11";
  return {
    name,
    role,
    nodeName: name,
    nodeAddress,
    mirror: "http://10.0.0.1:8080",
    labels: {},
    taints: [],
    ...changes,
  };
}

export const bundle: Bundle = {
  kubernetes: "1.35.4",
  digest: "d".repeat(64),
  directory: "/cache/bundles/1.35.4-abc",
  files: [
    file("kubelet", "binary", "node", "1"),
    file("containerd", "binary", "node", "2"),
    file("kubectl", "binary", "controlPlane", "3"),
    file("calico", "cniPlugin", "node", "4"),
    { ...file("node-images", "images", "node", "5"), images: ["registry.k8s.io/pause:3.10.1"] },
    {
      ...file("control-plane-images", "images", "controlPlane", "6"),
      images: ["registry.k8s.io/etcd:3.6.6-0"],
    },
  ],
  images: {
    pause: "registry.k8s.io/pause:3.10.1",
    coredns: "registry.k8s.io/coredns/coredns:v1.13.1",
    etcd: "registry.k8s.io/etcd:3.6.6-0",
    kubeProxy: "registry.k8s.io/kube-proxy:v1.35.4",
    flannel: "ghcr.io/flannel-io/flannel:v0.28.4",
    calicoNode: "quay.io/calico/node:v3.29.5",
    calicoCni: "quay.io/calico/node:v3.29.5",
  },
};

function file(
  name: string,
  kind: Bundle["files"][number]["kind"],
  role: Bundle["files"][number]["role"],
  digit: string,
): Bundle["files"][number] {
  const path = `${kind}/${name}`;
  return {
    name,
    kind,
    path,
    version: "1.35.4",
    source: "build",
    size: 1024 * 1024,
    sha256: digit.repeat(64),
    role,
  };
}

/** The key pairs of a cluster that nobody signs with. */
export const identity = {
  clusterId: "edge-0123456789abcdef",
  ca: { certificate: "CA", privateKey: "CA KEY" },
  frontProxyCa: { certificate: "FRONT", privateKey: "FRONT KEY" },
  etcdCa: { certificate: "ETCD", privateKey: "ETCD KEY" },
  serviceAccount: { publicKey: "SA", privateKey: "SA KEY" },
};

/** What phases see of a simulated host now. */
export function viewOf(
  simulated: SimulatedHost,
  host: ClusterHost,
  changes: Partial<ControlPlaneView> = {},
): ControlPlaneView & NodeView {
  return {
    facts: simulated.facts,
    node: simulated.node,
    api: simulated.api,
    host,
    cluster,
    bundle,
    identity,
    clusterId: identity.clusterId,
    caCertificate: identity.ca.certificate,
    apiNames: [],
    peers: { cp1: "10.0.0.11", cp2: "10.0.0.12", cp3: "10.0.0.13" },
    ...changes,
  };
}

/** A view of a blank host, for phases that are planned only. */
export function blankView(
  role: ClusterHost["role"],
  changes: Partial<ControlPlaneView> = {},
): ControlPlaneView & NodeView {
  const host = clusterHost(role);
  return {
    facts: blankFacts(host),
    node: undefined,
    api: undefined,
    host,
    cluster,
    bundle,
    identity,
    clusterId: identity.clusterId,
    caCertificate: identity.ca.certificate,
    apiNames: [],
    peers: { cp1: "10.0.0.11", cp2: "10.0.0.12", cp3: "10.0.0.13" },
    ...changes,
  };
}

/** An operation on fake hosts that collects its intents. */
export function operationOn(
  hosts: readonly SimulatedHost[],
  changes: Partial<Operation> = {},
): { readonly operation: Operation; readonly intents: string[] } {
  const intents: string[] = [];
  const operation: Operation = {
    pool: fakePool(...hosts),
    signal: new AbortController().signal,
    preview: false,
    log: () => undefined,
    onIntent: ({ what }: Intent) => intents.push(what),
    bundle: () => Promise.resolve(bundle),
    ...changes,
  };
  return { operation, intents };
}
