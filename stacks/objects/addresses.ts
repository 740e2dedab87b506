import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../components/cluster.ts";
import type { OrderedObject } from "./order.ts";

/** Where a service answers. */
export interface ServiceAddress {
  /** Inside the cluster. Undefined for services without an address of their own. */
  readonly clusterIp: string | undefined;
  /** The port that is open on every node. */
  readonly nodePort: number | undefined;
  /** Where the node port answers: one URL per node. */
  readonly urls: readonly string[];
}

/** What the cluster has given to a Service. */
export interface ServiceSpec {
  readonly clusterIP?: string;
  readonly ports?: readonly { readonly name?: string; readonly nodePort?: number }[];
}

/** The services of a workload on one cluster by name: what the cluster has given to each, and where it answers. */
export type Services = Readonly<
  Record<
    string,
    {
      readonly spec: pulumi.Output<ServiceSpec | undefined>;
      readonly address: ReturnType<typeof serviceAddress>;
    }
  >
>;

/** The addresses of a service once it is there; a node port that the program fixes is known before. */
export function serviceAddress(
  object: OrderedObject,
  spec: pulumi.Output<ServiceSpec | undefined>,
  cluster: Pick<Cluster, "nodeAddresses">,
): { readonly [K in keyof ServiceAddress]: pulumi.Output<ServiceAddress[K]> } {
  const wanted = nodePortOf((object as { readonly spec?: ServiceSpec }).spec);
  const nodePort = wanted === undefined ? spec.apply(nodePortOf) : pulumi.output(wanted);
  const clusterIp = spec.apply((actual) => (actual?.clusterIP === "None" ? undefined : actual?.clusterIP));
  const nodes = pulumi.all(Object.values(cluster.nodeAddresses));
  const urls = pulumi
    .all([nodes, nodePort])
    .apply(([addresses, port]) =>
      port === undefined ? [] : addresses.map((address) => urlOf(address, port)),
    );
  return { clusterIp, nodePort, urls };
}

function urlOf(address: string, port: number): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function nodePortOf(spec: ServiceSpec | undefined): number | undefined {
  return spec?.ports?.find(({ nodePort }) => nodePort !== undefined)?.nodePort;
}
