import type { Cluster } from "../../clusters/cluster.ts";
import { authorityOf } from "../../clusters/endpoint.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Bundle } from "../../toolchain/bundle.ts";

/** One of the cluster's own services: what it consists of and what shows that it runs. */
export interface Service {
  /** In an intent: `the pod network canal`. */
  readonly title: string;
  readonly objects: readonly KubeObject[];
  /** Workloads that must run before nodes join; without a pod network some cannot. */
  readonly gates: readonly KubeObject[];
}

/** What the cluster's own services are made from. */
export interface ServiceInputs {
  readonly cluster: Cluster;
  readonly bundle: Bundle;
  readonly endpoint: { readonly host: string; readonly port: string; readonly url: string };
}

/** The endpoint in the forms that the manifests need. */
export function serviceInputs(cluster: Cluster, bundle: Bundle): ServiceInputs {
  const { host, port } = cluster.endpoint;
  const url = `https://${authorityOf(cluster.endpoint)}`;
  return { cluster, bundle, endpoint: { host, port: String(port), url } };
}

/** Metadata of an object in `kube-system`. */
export function inKubeSystem(
  name: string,
  labels?: Readonly<Record<string, string>>,
): KubeObject["metadata"] {
  return { name, namespace: "kube-system", ...(labels && { labels }) };
}

/** A pod template that carries the usual label. */
export function labelled(name: string, spec: object, annotations?: Readonly<Record<string, string>>): object {
  return { metadata: { labels: { "k8s-app": name }, ...(annotations && { annotations }) }, spec };
}
