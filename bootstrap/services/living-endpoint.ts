import { parse, parseDocument } from "yaml";
import type { Document } from "yaml";
import { authorityOf } from "../../clusters/endpoint.ts";
import type { Endpoint } from "../../clusters/endpoint.ts";
import type { Cluster } from "../../clusters/cluster.ts";
import { components } from "../../clusters/settings/control-plane.ts";
import type { ComponentKey } from "../../clusters/settings/control-plane.ts";
import type { KubeClient } from "../../kube/client.ts";
import { quotaArgs } from "../etcd/quota.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import { kubeadmComponent } from "../static-pods/kubeadm-component.ts";
import type { Operation } from "../operation.ts";

/**
 * Whether nodes get their way to the endpoint one by one: a balancer of their own. Any other is there for all of them at
 * once, as soon as the control plane has it. Pure.
 */
export function comesNodeByNode({ mode }: Endpoint): boolean {
  return mode === "nodeLocal";
}

/**
 * The cluster with the endpoint that its services are to find now. Where it comes node by node, this is the one that
 * kubeadm's configuration names, until every node has the new one: before, a node may have no way there. Any other they
 * find at once: a worker that joins meanwhile has no way to a former one. A cluster that is not up yet has the wanted one.
 */
export async function withLivingEndpoint(
  client: KubeClient,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Cluster> {
  if (!comesNodeByNode(cluster.endpoint)) return cluster;
  const config = await client.find<ConfigMap>(`${kubeSystem}/kubeadm-config`, { signal });
  const { controlPlaneEndpoint = "" } = (parse(config?.data["ClusterConfiguration"] ?? "{}") ??
    {}) as Kubeadm;
  const url = URL.parse(`https://${controlPlaneEndpoint}`);
  if (url === null) return cluster;
  const living = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || "443") };
  return { ...cluster, endpoint: { ...cluster.endpoint, ...living } };
}

/** A place in the API where the endpoint is written down, for whoever joins or upgrades. */
export interface EndpointRecord {
  /** In an intent: `kubeadm's configuration`. */
  readonly what: string;
  readonly path: string;
  /** The data as it should be. */
  readonly data: Readonly<Record<string, string>>;
}

/**
 * The records that name another endpoint than the cluster's, or other settings of its control plane; the names in
 * certificates are `staleNames`'.
 */
export async function staleRecords(
  client: KubeClient,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly EndpointRecord[]> {
  const authority = authorityOf(cluster.endpoint);
  const found = await Promise.all([
    staleRecord(
      client,
      { ...kubeadmConfig, changes: [[["controlPlaneEndpoint"], authority], ...componentChanges(cluster)] },
      signal,
    ),
    staleRecord(
      client,
      { ...clusterInfo, changes: [[["clusters", 0, "cluster", "server"], `https://${authority}`]] },
      signal,
    ),
  ]);
  return found.flat();
}

/**
 * kubeadm's configuration, if it has other names for certificates of API servers: a control plane that joins must begin
 * with the cluster's.
 */
export function staleNames(
  client: KubeClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly EndpointRecord[]> {
  const what = "the certificates' names in kubeadm's configuration";
  return staleRecord(
    client,
    { ...kubeadmConfig, what, changes: [[["apiServer", "certSANs"], names]] },
    signal,
  );
}

/** Writes a record, or says in a preview that it would. */
export async function bringUpToDate(
  { preview, onIntent, signal }: Operation,
  client: KubeClient,
  { cluster, record: { what, path, data } }: { readonly cluster: Cluster; readonly record: EndpointRecord },
): Promise<void> {
  onIntent({ host: cluster.name, what: `bring ${what} up to date` });
  if (preview) return;
  const contentType = "application/merge-patch+json";
  await client.request({ method: "PATCH", path, contentType, body: { data }, signal });
}

const kubeSystem = "/api/v1/namespaces/kube-system/configmaps";

const kubeadmConfig = {
  what: "kubeadm's configuration",
  path: `${kubeSystem}/kubeadm-config`,
  key: "ClusterConfiguration",
};

const clusterInfo = {
  what: "what joining hosts are told",
  path: "/api/v1/namespaces/kube-public/configmaps/cluster-info",
  key: "kubeconfig",
};

interface Place {
  readonly what: string;
  readonly path: string;
  /** The entry of the ConfigMap, a YAML document. */
  readonly key: string;
  /** What shall be where in the document; undefined takes away what is there. */
  readonly changes: readonly (readonly [place: readonly (string | number)[], value: unknown])[];
}

/** Empty if nothing differs, or nothing is there yet. */
async function staleRecord(
  client: KubeClient,
  { what, path, key, changes }: Place,
  signal: AbortSignal,
): Promise<readonly EndpointRecord[]> {
  const text = (await client.find<ConfigMap>(path, { signal }))?.data[key];
  if (text === undefined) return [];
  const document = parseDocument(text, kubernetesYaml);
  const before = JSON.stringify(document);
  for (const [place, value] of changes) {
    if (value !== undefined) put(document, place, value);
    else if (document.hasIn(place)) document.deleteIn(place);
  }
  return JSON.stringify(document) === before ? [] : [{ what, path, data: { [key]: document.toString() } }];
}

/** A place whose surroundings lack would be made of Maps, which YAML 1.1 writes as lists of pairs. */
function put(document: Document, place: readonly (string | number)[], value: unknown): void {
  const lacking = place.findIndex((_, index) => !document.hasIn(place.slice(0, index + 1)));
  const depth = lacking === -1 ? place.length : lacking + 1;
  const whole = place.slice(depth).reduceRight((inner, key) => ({ [key]: inner }), value);
  document.setIn(place.slice(0, depth), whole);
}

/** Whoever joins or upgrades gets the flags and volumes that the living components have proven. */
function componentChanges(cluster: Cluster): readonly (readonly [readonly string[], unknown])[] {
  const { controlPlane = {} } = cluster;
  const ofEtcd = [["etcd", "local", "extraArgs"], quotaArgs({ cluster })] as const;
  const ofComponents = (Object.keys(components) as ComponentKey[]).flatMap((key) => {
    const { extraArgs, extraVolumes } = kubeadmComponent(controlPlane[key]);
    return [
      [[key, "extraArgs"], extraArgs],
      [[key, "extraVolumes"], extraVolumes],
    ] as const;
  });
  return [...ofComponents, ofEtcd];
}

interface ConfigMap {
  readonly data: Readonly<Record<string, string>>;
}

interface Kubeadm {
  readonly controlPlaneEndpoint?: string;
}
