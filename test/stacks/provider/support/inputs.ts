import { Secret, type Value, type ValueRecord } from "../../../../stacks/provider/values.ts";
import { kubeconfig, privateKey, testCertificate } from "./fake-world.ts";

const clusterId = "east-0123456789abcdef";

export function identity(): ValueRecord {
  return { name: "east" };
}

export function clusterHosts(
  more: Readonly<Record<string, string>> = {},
): ValueRecord & { hosts: Record<string, Value> } {
  const workers = Object.entries({ w1: "10.0.0.21", ...more });
  return {
    ...common(),
    identity: clusterIdentity(),
    hosts: {
      cp1: host("cp1", "10.0.0.11", "controlPlane"),
      ...Object.fromEntries(workers.map(([name, address]) => [name, host(name, address, "worker")])),
    },
  };
}

export function controlPlane(kubernetes?: string): ValueRecord & { hosts: Record<string, Value> } {
  return {
    ...common(kubernetes),
    identity: clusterIdentity(),
    hosts: { cp1: host("cp1", "10.0.0.11", "controlPlane") },
  };
}

function clusterIdentity(): Secret {
  const pair = { certificate: testCertificate, privateKey: "ca-private-key" };
  return new Secret({
    clusterId,
    ca: pair,
    frontProxyCa: pair,
    etcdCa: pair,
    serviceAccount: { publicKey: "public", privateKey: "service-account-private-key" },
  });
}

export function services(): ValueRecord {
  return {
    ...common(),
    kubeconfig: new Secret(kubeconfig),
    controlPlane: { cp1: host("cp1", "10.0.0.11", "controlPlane") },
  };
}

export function worker(changes: ValueRecord = {}): ValueRecord {
  return { ...services(), name: "w1", host: { ...host("w1", "10.0.0.21", "worker"), ...changes } };
}

function common(kubernetes = "1.35.4"): ValueRecord {
  return {
    clusterId,
    caCertificate: testCertificate,
    cluster: {
      name: "east",
      kubernetes,
      endpoint: { mode: "address", host: "10.0.0.11", port: 6443 },
      network: {
        cni: "canal",
        podCidr: "10.244.0.0/16",
        serviceCidr: "10.96.0.0/12",
        dnsDomain: "cluster.local",
      },
    },
  };
}

function host(name: string, address: string, role: string): Record<string, Value> {
  return {
    role,
    nodeName: name,
    nodeAddress: address,
    labels: {},
    taints: [],
    connection: { address, user: "root", privateKey: new Secret(privateKey) },
  };
}
