import { ApiObject } from "cdk8s";
import type { IConstruct } from "constructs";
import type { Service } from "../kubernetes/types.ts";
import type { Finding } from "./finding.ts";

/** What no single construct can see: two objects of one name, one node port used twice. Covers raw objects too. */
export function findInTree(scope: IConstruct): readonly Finding[] {
  const objects = scope.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
  return [...duplicates(objects), ...sharedNodePorts(objects)];
}

function duplicates(objects: readonly ApiObject[]): readonly Finding[] {
  return collisions(objects, (object) => [identityOf(object)]).map(([first, second]) => ({
    code: "duplicate-object",
    severity: "error",
    constructPath: second.node.path,
    fieldPath: "metadata.name",
    message: `${second.kind} "${second.name}" is also made at "${first.node.path}"`,
    fix: "Give one of the two another name or namespace",
  }));
}

function sharedNodePorts(objects: readonly ApiObject[]): readonly Finding[] {
  const services = objects.filter(({ kind, apiGroup }) => kind === "Service" && apiGroup === "core");
  return collisions(services, nodePortsOf).map(([first, second, port]) => ({
    code: "node-port-taken",
    severity: "error",
    constructPath: second.node.path,
    fieldPath: "spec.ports",
    message: `node port ${port} is also used at "${first.node.path}"`,
    fix: "Choose another node port, or let the cluster choose",
  }));
}

function identityOf({ apiGroup, kind, metadata, name }: ApiObject): string {
  return JSON.stringify([apiGroup, kind, metadata.namespace ?? "", name]);
}

function nodePortsOf(service: ApiObject): readonly string[] {
  const ports = render(service).spec?.ports ?? [];
  return ports.flatMap(({ nodePort, protocol }) => (nodePort ? [`${nodePort}/${protocol ?? "TCP"}`] : []));
}

function render(service: ApiObject): Partial<Service> {
  try {
    return service.toJson() as Partial<Service>;
  } catch {
    // The synthesis meets the same failure and tells it in full.
    return {};
  }
}

function collisions(
  objects: readonly ApiObject[],
  keysOf: (object: ApiObject) => readonly string[],
): readonly (readonly [ApiObject, ApiObject, string])[] {
  const owners = new Map<string, ApiObject>();
  const found: [ApiObject, ApiObject, string][] = [];
  for (const object of objects) {
    for (const key of keysOf(object)) {
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, object);
      else found.push([owner, object, key]);
    }
  }
  return found;
}
