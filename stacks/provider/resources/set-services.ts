import type { KubeClient, KubeObject } from "../../../delivery/index.ts";

/** Where the services of a set answer, by name. */
export type SetServices = Readonly<
  Record<
    string,
    {
      readonly clusterIp?: string;
      readonly nodePort?: number;
      /** All node ports by the names of their ports; empty for the one that has none. */
      readonly nodePorts?: Readonly<Record<string, number>>;
    }
  >
>;

interface Service extends KubeObject {
  readonly spec?: {
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly name?: string; readonly nodePort?: number }[];
  };
}

/** Reads what the cluster has given to the Services among these objects. */
export async function readServices(
  client: Pick<KubeClient, "find">,
  objects: readonly KubeObject[],
  namespace: string,
): Promise<SetServices> {
  const services = objects.filter(({ apiVersion, kind }) => apiVersion === "v1" && kind === "Service");
  const entries = await Promise.all(
    services.map(async ({ metadata }) => {
      const home = encodeURIComponent(metadata.namespace ?? namespace);
      const path = `/api/v1/namespaces/${home}/services/${encodeURIComponent(metadata.name)}`;
      return [metadata.name, addressOf(await client.find<Service>(path))] as const;
    }),
  );
  return Object.fromEntries(entries);
}

function addressOf(service: Service | undefined): SetServices[string] {
  const { clusterIP, ports = [] } = service?.spec ?? {};
  const open = ports.flatMap(({ name = "", nodePort }) => (nodePort ? [[name, nodePort] as const] : []));
  return {
    ...(clusterIP !== undefined && clusterIP !== "None" && { clusterIp: clusterIP }),
    ...(open[0] && { nodePort: open[0][1], nodePorts: Object.fromEntries(open) }),
  };
}
