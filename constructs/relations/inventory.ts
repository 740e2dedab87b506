import { listAt, namespaceOf, type Part, partAt, podPartOf } from "../core/parts.ts";
import type { Rendered } from "../core/rendered.ts";
import { type Labels, selects } from "./selector.ts";

/** An object of the tree with what relations look at. */
export interface Item {
  readonly rendered: Rendered;
  readonly kind: string;
  readonly name: string;
  /** Empty for the namespace that the manifests are applied to. */
  readonly namespace: string;
  readonly labels: Labels;
  readonly spec: Part;
}

/** An object that makes pods, or is one. */
export interface PodItem extends Item {
  readonly podLabels: Labels;
  readonly podSpec: Part;
  /** Where the spec of its pods stands, `spec.template.spec` for example. */
  readonly podPath: string;
}

/** The objects of a tree, found by kind, name and labels. */
export class Inventory {
  readonly #items = new Map<string, Item[]>();
  readonly #named = new Map<string, Item>();
  readonly #pods = new Map<string, PodItem[]>();
  readonly #labelled = new Map<string, PodItem[]>();
  readonly #makers: PodItem[] = [];

  constructor(rendered: readonly Rendered[]) {
    for (const each of rendered) {
      if (groups[String(each.json["kind"])] === each.object.apiGroup) this.#add(itemOf(each));
    }
  }

  /** All objects of a kind. */
  all(kind: string): readonly Item[] {
    return this.#items.get(kind) ?? [];
  }

  /** The object of a kind, namespace and name. */
  find(kind: string, namespace: string, name: unknown): Item | undefined {
    return this.#named.get(keyOf(kind, namespace, String(name)));
  }

  /** Everything that makes pods. */
  get pods(): readonly PodItem[] {
    return this.#makers;
  }

  /** What makes pods that a selector selects in a namespace. */
  selected(selector: unknown, namespace: string): readonly PodItem[] {
    const candidates = this.#candidates(selector, namespace);
    return candidates.filter(({ podLabels }) => selects(selector, podLabels));
  }

  // A selector names few labels, and few pods have one of them: looking through all would take the square of the app.
  #candidates(selector: unknown, namespace: string): readonly PodItem[] {
    const lists = Object.entries(partAt(selector, "matchLabels")).map(
      ([label, value]) => this.#labelled.get(keyOf(namespace, label, String(value))) ?? [],
    );
    const [first = this.#pods.get(namespace) ?? [], ...others] = lists;
    return others.reduce((least, list) => (list.length < least.length ? list : least), first);
  }

  #add(item: Item): void {
    push(this.#items, item.kind, item);
    this.#named.set(keyOf(item.kind, item.namespace, item.name), item);
    const pods = podsOf(item);
    if (pods === undefined) return;
    this.#makers.push(pods);
    push(this.#pods, item.namespace, pods);
    for (const [label, value] of Object.entries(pods.podLabels)) {
      push(this.#labelled, keyOf(item.namespace, label, String(value)), pods);
    }
  }
}

/** The containers that run while a pod does: programs and sidecars. */
export function containersOf({ podSpec }: PodItem): readonly Part[] {
  const sidecars = listAt(podSpec, "initContainers").filter(
    ({ restartPolicy }) => restartPolicy === "Always",
  );
  return [...listAt(podSpec, "containers"), ...sidecars];
}

function itemOf(rendered: Rendered): Item {
  const { json, object } = rendered;
  return {
    rendered,
    kind: String(json["kind"]),
    name: object.name,
    namespace: namespaceOf(rendered),
    labels: partAt(json, "metadata", "labels"),
    spec: partAt(json, "spec"),
  };
}

/** The API group of each kind that relations look at: other groups have a Service too. */
const groups: Readonly<Record<string, string>> = {
  ConfigMap: "core",
  Pod: "core",
  Secret: "core",
  Service: "core",
  ServiceAccount: "core",
  DaemonSet: "apps",
  Deployment: "apps",
  ReplicaSet: "apps",
  StatefulSet: "apps",
  CronJob: "batch",
  Job: "batch",
  Ingress: "networking.k8s.io",
  NetworkPolicy: "networking.k8s.io",
  ClusterRoleBinding: "rbac.authorization.k8s.io",
  Role: "rbac.authorization.k8s.io",
  RoleBinding: "rbac.authorization.k8s.io",
  Gateway: "gateway.networking.k8s.io",
  GRPCRoute: "gateway.networking.k8s.io",
  HTTPRoute: "gateway.networking.k8s.io",
  ReferenceGrant: "gateway.networking.k8s.io",
  TCPRoute: "gateway.networking.k8s.io",
  TLSRoute: "gateway.networking.k8s.io",
  PodMonitor: "monitoring.coreos.com",
  ServiceMonitor: "monitoring.coreos.com",
  ExternalSecret: "external-secrets.io",
};

function podsOf(item: Item): PodItem | undefined {
  const pods = podPartOf(item.rendered.json);
  return pods && { ...item, podLabels: pods.labels, podSpec: pods.spec, podPath: pods.path };
}

function keyOf(...parts: readonly string[]): string {
  return parts.join("\n");
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
