import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import {
  type ClusterSetService,
  clusterSetNamespace,
  derivedName,
} from "../../constructs/cluster-set/names.ts";
import { KeelsonError } from "../../errors.ts";
import type { ServiceSpec } from "./addresses.ts";
import type { ObjectInputs } from "./kubernetes-object.ts";

/** A port of an exported Service, as every cluster of the set has it. */
export interface ExportedPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

const labels = { "app.kubernetes.io/managed-by": "keelson" };

/** What every member of a set has: a place for what leads to the others, and their names in its DNS. */
export function memberObjects(dnsDomain: string): readonly ObjectInputs[] {
  const level = "pod-security.kubernetes.io/enforce";
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: clusterSetNamespace, labels: { ...labels, [level]: "restricted" } } as {
        name: string;
      },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "coredns-clusterset", namespace: "kube-system", labels } as { name: string },
      data: { "clusterset.server": dnsServer(dnsDomain) },
    },
  ];
}

/**
 * Names of the set as names of the cluster itself, which the server block of the cluster answers. Other names must not
 * come back here, or they would go round for ever.
 */
function dnsServer(dnsDomain: string): string {
  return `clusterset.local:53 {
    errors
    rewrite name regex ^(.+\\.)?([^.]+)\\.([^.]+)\\.svc\\.clusterset\\.local\\.$ {1}{2}--{3}.${clusterSetNamespace}.svc.${dnsDomain} answer auto
    template ANY ANY clusterset.local {
        rcode NXDOMAIN
    }
    forward ${dnsDomain} 127.0.0.1
}
`;
}

/** The Service that leads to a service of other clusters; its endpoints are those of `endpointSlice`. */
export function importedService(service: ClusterSetService, ports: readonly ExportedPort[]): ObjectInputs {
  return { ...named(service), spec: { type: "ClusterIP", ports } };
}

/** The same in a cluster that exports the service: its name leads to the cluster's own. */
export function ownService(service: ClusterSetService, dnsDomain: string): ObjectInputs {
  const externalName = `${service.name}.${service.namespace}.svc.${dnsDomain}`;
  return { ...named(service), spec: { type: "ExternalName", externalName } };
}

/** Where one cluster answers for a service that it exports. */
export interface Exporter {
  readonly cluster: string;
  readonly ports: readonly ExportedPort[];
  /** What the cluster has given to the exported Service. */
  readonly spec: pulumi.Output<ServiceSpec | undefined>;
  readonly addresses: pulumi.Output<readonly string[]>;
}

/** The endpoints by which a service of another cluster is reached. */
export function endpointSlice(
  service: ClusterSetService,
  { cluster, ports, spec, addresses }: Exporter,
): ObjectInputs {
  const name = derivedName(service);
  const family = addresses.apply(familyOf);
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${name}-${cluster}`,
      namespace: clusterSetNamespace,
      labels: {
        ...labels,
        "kubernetes.io/service-name": name,
        "endpointslice.kubernetes.io/managed-by": "keelson",
        "multicluster.kubernetes.io/source-cluster": cluster,
      },
    } as { name: string },
    addressType: family,
    endpoints: pulumi
      .all([addresses, family])
      .apply(([all, type]) =>
        all
          .filter((address) => familyOf([address]) === type)
          .map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ),
    ports: ports.map((port) => ({ ...port, port: spec.apply((given) => nodePortOf(given, port)) })),
  };
}

function named(service: ClusterSetService): ObjectInputs {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: derivedName(service), namespace: clusterSetNamespace, labels } as { name: string },
  };
}

/** The node port of a port. Undefined until the Service is there, as on a cluster that does not answer: nobody is led there. */
function nodePortOf(given: ServiceSpec | undefined, { name }: ExportedPort): number | undefined {
  return given?.ports?.find((port) => (port.name ?? "") === (name ?? ""))?.nodePort;
}

/** The family of the first address: a slice holds one. */
function familyOf([address = ""]: readonly string[]): "IPv4" | "IPv6" {
  const version = isIP(address);
  if (version !== 0) return version === 4 ? "IPv4" : "IPv6";
  throw new KeelsonError(
    "KEELSON_INVALID_INPUT",
    `Cannot export a service by node ports at "${address}": endpoints are IP addresses`,
    { fix: "Give the nodes a nodeAddress, or the set the addresses of the cluster" },
  );
}
