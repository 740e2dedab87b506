import type { KubeObject } from "../../kube/object.ts";

/** What a test changes in an object. */
export interface Changes {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

/** A Deployment in the namespace `shop`. */
export function deployment(name = "web", { metadata = {}, spec = {}, status }: Changes = {}): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "shop", ...metadata },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "web", image: "ghcr.io/acme/web:1" }] },
      },
      ...spec,
    },
    ...(status !== undefined && { status }),
  };
}

/** The status of a Deployment whose rollout of this generation is over. */
export function rolledOut(generation: number, replicas = 2): object {
  return {
    observedGeneration: generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [
      { type: "Available", status: "True" },
      { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" },
    ],
  };
}

/** A ConfigMap in the namespace `shop`. */
export function configMap(name: string, data: Record<string, string> = { mode: "strict" }): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data };
}

/** A Secret in the namespace `shop`; the values are given as they are. */
export function secret(name: string, data: Record<string, string>): KubeObject {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "shop" },
    data: Object.fromEntries(encoded) as object,
  };
}

/** A Namespace. */
export function namespace(name: string): KubeObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

/** An autoscaler of a Deployment. */
export function scaler(name = "web"): KubeObject {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, namespace: "shop" },
    spec: {
      minReplicas: 1,
      maxReplicas: 9,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
    },
  };
}

/** A definition of the kind Widget in `example.org/v1`, and a Widget in the namespace `shop`. */
export function widgetDefinition(): KubeObject {
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.org" },
    spec: {
      group: "example.org",
      scope: "Namespaced",
      names: { kind: "Widget", plural: "widgets", singular: "widget", listKind: "WidgetList" },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
}

/** A custom object of the kind Widget in the namespace `shop`. */
export function widget(name: string, spec: object = {}): KubeObject {
  return { apiVersion: "example.org/v1", kind: "Widget", metadata: { name, namespace: "shop" }, spec };
}
