import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { listAt, type Part, partAt } from "../core/parts.ts";
import { containersOf, type Inventory, type Item, type PodItem } from "./inventory.ts";

/** What is wrong between Services and the pods that they lead to. */
export function findInServices(inventory: Inventory): readonly Finding[] {
  const services = inventory.all("Service");
  const found = services.flatMap((service) => checkService(service, inventory));
  return [...found, ...findTwins(services)];
}

/** A port of a Service by its name or number. */
export function servicePort(service: Item, port: unknown): Part | undefined {
  return listAt(service.spec, "ports").find((each) => each["name"] === port || each["port"] === port);
}

/** What makes the pods that a Service leads to; undefined if somebody else says where it leads. */
export function podsBehind(service: Item, inventory: Inventory): readonly PodItem[] | undefined {
  const { selector, type } = service.spec;
  if (selector === undefined || type === "ExternalName") return undefined;
  return inventory.selected({ matchLabels: selector }, service.namespace);
}

/** The number that a port of pods has, by its name or number; undefined if no container names it so. */
export function podPort(pods: PodItem, port: unknown): number | undefined {
  if (typeof port === "number") return port;
  const named = containersOf(pods).flatMap((container) => listAt(container, "ports"));
  const found = named.find(({ name }) => name === port)?.["containerPort"];
  return typeof found === "number" ? found : undefined;
}

function checkService(service: Item, inventory: Inventory): readonly Finding[] {
  const pods = podsBehind(service, inventory);
  if (pods === undefined) return [];
  const { object } = service.rendered;
  if (pods.length === 0) {
    return [
      findAt(object, "selects-nothing", "spec.selector", {
        message: `no pods of the app have the labels ${labelsOf(partAt(service.spec, "selector"))}`,
        fix: "Use the labels of the pods' template; if something else makes the pods, allow it with that reason",
      }),
    ];
  }
  return listAt(service.spec, "ports").flatMap((port, index) => checkPort(service, port, index, pods));
}

function checkPort(service: Item, port: Part, index: number, pods: readonly PodItem[]): readonly Finding[] {
  const { object } = service.rendered;
  const target = port["targetPort"] ?? port["port"];
  const path = `spec.ports.${index}.${port["targetPort"] === undefined ? "port" : "targetPort"}`;
  if (typeof target === "string") {
    const without = pods.find((each) => podPort(each, target) === undefined);
    if (without === undefined) return [];
    const flaw = {
      message: `no container of ${without.kind} "${without.name}" has a port named "${target}"`,
      fix: `Use ${portsOf(without)}`,
    };
    return [findAt(object, "port-missing", path, flaw)];
  }
  // A port need not be declared, but a pod that declares ports and not this one hardly listens there.
  const silent = pods.find((each) => declared(each).length > 0 && !declared(each).includes(Number(target)));
  if (silent === undefined) return [];
  const flaw = {
    message: `no container of ${silent.kind} "${silent.name}" declares port ${String(target)}`,
    fix: `Use ${portsOf(silent)}, or declare the port`,
  };
  return [findAt(object, "port-undeclared", path, flaw)];
}

/** Two Services that lead to the same ports of the same pods under two names. */
function findTwins(services: readonly Item[]): readonly Finding[] {
  const owners = new Map<string, Item>();
  return services.flatMap((service) => {
    const { selector, clusterIP, type } = service.spec;
    if (selector === undefined || clusterIP === "None" || type === "ExternalName") return [];
    const ports = listAt(service.spec, "ports").map(({ targetPort, port }) => targetPort ?? port);
    const key = JSON.stringify([
      service.namespace,
      Object.entries(partAt(service.spec, "selector")).sort(),
      ports,
    ]);
    const owner = owners.get(key);
    if (owner === undefined) {
      owners.set(key, service);
      return [];
    }
    const flaw = {
      message: `Service "${owner.name}" at "${owner.rendered.object.node.path}" leads to the same ports of the same pods`,
      fix: "Remove one of the two; if callers need both names, allow it with that reason",
    };
    return [findAt(service.rendered.object, "service-twice", "spec.selector", flaw)];
  });
}

function declared(pods: PodItem): readonly number[] {
  return containersOf(pods)
    .flatMap((container) => listAt(container, "ports"))
    .map(({ containerPort }) => Number(containerPort));
}

function portsOf(pods: PodItem): string {
  const ports = containersOf(pods).flatMap((container) => listAt(container, "ports"));
  if (ports.length === 0) return "a number, or give a port of a container that name";
  return ports.map(({ name, containerPort }) => String(name ?? containerPort)).join(" or ");
}

/** Labels as a message shows them. */
export function labelsOf(labels: Part): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(", ");
}
