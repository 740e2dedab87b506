import { type ClusterSetService, exportedAnnotation } from "../../constructs/cluster-set/names.ts";
import type { ExportedPort } from "../objects/cluster-set-objects.ts";
import type { OrderedObject } from "../objects/order.ts";
import type { Cluster } from "./cluster.ts";

/** A service that an app exports from one cluster. */
export interface Export extends ClusterSetService {
  readonly cluster: Cluster;
  readonly ports: readonly ExportedPort[];
  /** The ports of the nodes that it asks for. */
  readonly nodePorts: readonly number[];
}

/** What an app exports from a cluster, of the objects that were rendered for it. */
export function exportsIn(cluster: Cluster, objects: readonly OrderedObject[]): readonly Export[] {
  const services = objects.filter(({ kind }) => kind === "Service") as readonly RenderedService[];
  return objects.flatMap((object) => {
    const { kind, metadata } = object as RenderedService;
    const { name, namespace = "" } = metadata;
    const isMarked = kind === "Service" && metadata.annotations?.[exportedAnnotation] === "true";
    if (!isMarked && kind !== "ServiceExport") return [];
    const own = services.find((each) => each.metadata.name === name && each.metadata.namespace === namespace);
    const ports = own?.spec?.ports ?? [];
    const nodePorts = ports.flatMap(({ nodePort }) => nodePort ?? []);
    return [{ name, namespace, cluster, ports: ports.map(portOf), nodePorts }];
  });
}

interface RenderedService extends Omit<OrderedObject, "metadata"> {
  readonly metadata: OrderedObject["metadata"] & { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly ports?: readonly RenderedPort[] };
}

type RenderedPort = ExportedPort & { readonly nodePort?: number };

function portOf({ name, port, protocol, appProtocol }: RenderedPort): ExportedPort {
  return {
    ...(name !== undefined && { name }),
    port,
    ...(protocol !== undefined && { protocol }),
    ...(appProtocol !== undefined && { appProtocol }),
  };
}
