import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { isRecord } from "../core/json.ts";
import { listAt, type Part, partAt } from "../core/parts.ts";
import type { Inventory, Item, PodItem } from "./inventory.ts";
import { isNarrow, selects } from "./selector.ts";
import { podPort } from "./services.ts";

const namespaceLabel = "kubernetes.io/metadata.name";

/** What is wrong between NetworkPolicies and pods: names that cannot be looked up, ways that are open at one end only. */
export function findInNetwork(network: Network): readonly Finding[] {
  const { inventory } = network;
  return inventory
    .all("NetworkPolicy")
    .flatMap((policy) => [
      ...checkSelected(policy, inventory),
      ...checkDns(policy, network),
      ...checkPeers(policy, network, "ingress"),
      ...checkPeers(policy, network, "egress"),
    ]);
}

/** Which pods the policies of an app let talk to which. */
export class Network {
  readonly inventory: Inventory;
  readonly #policies = new Map<PodItem, Item[]>();

  constructor(inventory: Inventory) {
    this.inventory = inventory;
    for (const policy of inventory.all("NetworkPolicy")) {
      for (const pods of inventory.selected(policy.spec["podSelector"], policy.namespace)) {
        this.#policies.set(pods, [...(this.#policies.get(pods) ?? []), policy]);
      }
    }
  }

  /** The rules that hold for pods in a direction; undefined if no policy restricts it. */
  rulesOf(pods: PodItem, direction: Direction): readonly Rule[] | undefined {
    const policies = (this.#policies.get(pods) ?? []).filter((policy) => restricts(policy, direction));
    if (policies.length === 0) return undefined;
    return policies.flatMap((policy) =>
      listAt(policy.spec, direction).map((rule) => ({ rule, namespace: policy.namespace })),
    );
  }

  /** True if the policies of `pods` let them talk to `others` over one of some ports of `called`. */
  lets(pods: PodItem, direction: Direction, others: PodItem, open: Open): boolean {
    const rules = this.rulesOf(pods, direction);
    return rules?.some((each) => isFor(each, direction, others) && hasPort(each.rule, open)) ?? true;
  }
}

/** Ports of pods that are called; undefined for any. */
export interface Open {
  readonly called: PodItem;
  readonly ports: readonly unknown[] | undefined;
}

export type Direction = "ingress" | "egress";

interface Rule {
  readonly rule: Part;
  /** The namespace of its policy. */
  readonly namespace: string;
}

/** True if the list of peers of a rule lets a namespace in or out, as far as can be told. */
export function meetsNamespace({ rule, namespace }: Rule, direction: Direction, wanted: string): boolean {
  const peers = peersOf(rule, direction);
  return (
    peers === undefined ||
    peers.some((peer) => peer["ipBlock"] !== undefined || isIn(peer, wanted, namespace))
  );
}

/** True if a rule opens one of some ports. */
export function hasPort(rule: Part, { called, ports }: Open): boolean {
  const given = listAt(rule, "ports");
  if (given.length === 0 || ports === undefined) return true;
  return given.some(({ port, endPort }) => {
    const first = port === undefined ? undefined : podPort(called, port);
    if (port === undefined) return true;
    return ports.some((each) => {
      const number = podPort(called, each);
      if (number === undefined || first === undefined) return false;
      return typeof endPort === "number" ? number >= first && number <= endPort : number === first;
    });
  });
}

function checkSelected(policy: Item, inventory: Inventory): readonly Finding[] {
  const selector = policy.spec["podSelector"];
  if (!isNarrow(selector) || inventory.selected(selector, policy.namespace).length > 0) return [];
  const flaw = {
    message: "no pods of the app have these labels, so it protects nothing",
    fix: "Use the labels of the pods' template; if something else makes the pods, allow it with that reason",
  };
  return [findAt(policy.rendered.object, "selects-nothing", "spec.podSelector", flaw)];
}

/** Pods that may not ask for names cannot reach anything by its name. */
function checkDns(policy: Item, network: Network): readonly Finding[] {
  if (!restricts(policy, "egress")) return [];
  const pods = network.inventory.selected(policy.spec["podSelector"], policy.namespace);
  const cut = pods.find((each) => {
    const rules = network.rulesOf(each, "egress") ?? [];
    return rules.every((rule) => !asksDns(rule));
  });
  if (cut === undefined) return [];
  const flaw = {
    message: `${cut.kind} "${cut.name}" may not ask for names: no policy opens port 53 to kube-system`,
    fix: `Add egress to { namespaceSelector: { matchLabels: { "${namespaceLabel}": "kube-system" } } }, ports 53 of UDP and TCP`,
  };
  return [findAt(policy.rendered.object, "dns-cut", "spec.egress", flaw)];
}

function asksDns(each: Rule): boolean {
  const ports = listAt(each.rule, "ports");
  const isOpen = ports.length === 0 || ports.some(({ port, endPort }) => covers(port, endPort, 53));
  return isOpen && meetsNamespace(each, "egress", "kube-system");
}

function covers(port: unknown, endPort: unknown, wanted: number): boolean {
  if (typeof port !== "number") return port === undefined || port === "dns";
  return typeof endPort === "number" ? port <= wanted && wanted <= endPort : port === wanted;
}

/** A way that one policy opens for certain pods must be open at their end too. */
function checkPeers(policy: Item, network: Network, direction: Direction): readonly Finding[] {
  if (!restricts(policy, direction)) return [];
  const [key, back] = direction === "ingress" ? (["from", "egress"] as const) : (["to", "ingress"] as const);
  const own = network.inventory.selected(policy.spec["podSelector"], policy.namespace);
  return listAt(policy.spec, direction).flatMap((rule, index) =>
    listAt(rule, key).flatMap((peer, at) => {
      const others = podsOfPeer(peer, policy.namespace, network.inventory);
      const ports = portsOf(rule);
      const pair = own
        .flatMap((one) => others.map((other) => [one, other] as const))
        .find(([one, other]) => {
          if (one === other) return false;
          return !network.lets(other, back, one, { called: direction === "ingress" ? one : other, ports });
        });
      if (pair === undefined) return [];
      const [, { kind, name, rendered }] = pair;
      const what = direction === "ingress" ? "call anything here" : "be called from here";
      const flaw = {
        message: `the policies of ${kind} "${name}", at "${rendered.object.node.path}", do not let it ${what}`,
        fix: `Open the way at its end too, by its ${direction === "ingress" ? "access.to or uses" : "access.from"} or its policy`,
      };
      return [findAt(policy.rendered.object, "half-open", `spec.${direction}.${index}.${key}.${at}`, flaw)];
    }),
  );
}

/** Pods that a peer means by their labels; none if it means whole namespaces or addresses. */
function podsOfPeer(peer: Part, own: string, inventory: Inventory): readonly PodItem[] {
  if (!isNarrow(peer["podSelector"])) return [];
  if (peer["namespaceSelector"] === undefined) return inventory.selected(peer["podSelector"], own);
  const namespace = partAt(peer, "namespaceSelector", "matchLabels")[namespaceLabel];
  return typeof namespace === "string" ? inventory.selected(peer["podSelector"], namespace) : [];
}

function isFor({ rule, namespace }: Rule, direction: Direction, others: PodItem): boolean {
  const peers = peersOf(rule, direction);
  if (peers === undefined) return true;
  return peers.some((peer) => {
    if (peer["ipBlock"] !== undefined) return true;
    const selector = peer["podSelector"];
    const arePods = selector === undefined || selects(selector, others.podLabels);
    return arePods && isIn(peer, others.namespace, namespace);
  });
}

// Nothing is known of the labels of a namespace but its name, so others are believed.
function isIn(peer: Part, namespace: string, own: string): boolean {
  const selector = peer["namespaceSelector"];
  if (selector === undefined) return namespace === own;
  const { matchLabels, matchExpressions } = isRecord(selector) ? selector : {};
  const named = isRecord(matchLabels) ? matchLabels[namespaceLabel] : undefined;
  if (named !== undefined && named !== namespace) return false;
  const expressions = (Array.isArray(matchExpressions) ? matchExpressions : []).filter(
    (each) => isRecord(each) && each["key"] === namespaceLabel,
  ) as readonly Part[];
  return selects({ matchExpressions: expressions }, { [namespaceLabel]: namespace });
}

function peersOf(rule: Part, direction: Direction): readonly Part[] | undefined {
  const peers = listAt(rule, direction === "ingress" ? "from" : "to");
  return peers.length === 0 ? undefined : peers;
}

function portsOf(rule: Part): readonly unknown[] | undefined {
  const ports = listAt(rule, "ports").map(({ port }) => port);
  return ports.length === 0 || ports.includes(undefined) ? undefined : ports;
}

function restricts({ spec }: Item, direction: Direction): boolean {
  const types = spec["policyTypes"];
  const name = direction === "ingress" ? "Ingress" : "Egress";
  if (Array.isArray(types)) return types.includes(name);
  return direction === "ingress" || spec["egress"] !== undefined;
}
