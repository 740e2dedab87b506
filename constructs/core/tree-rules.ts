import { ApiObject, App, YamlOutputType } from "cdk8s";
import type { IConstruct } from "constructs";
import type { Service, ServicePort } from "../kubernetes/types.ts";
import { findAt } from "./exceptions.ts";
import type { Finding } from "./finding.ts";
import { isRecord } from "./json.ts";
import { findInObjects } from "./object-rules.ts";
import { findInRelations } from "../relations/relations.ts";
import { type Rendered, renderScope } from "./rendered.ts";
import { findUnfit } from "../rules/capacity-rule.ts";
import { findInLimits } from "../rules/limit-range-rules.ts";
import { findStrays } from "../rules/namespace-rules.ts";
import { findInQuotas } from "../rules/quota-rules.ts";
import { findInScale } from "../rules/scale-rules.ts";
import { findInVolumes } from "../rules/volume-rules.ts";
import { workloadsIn } from "../rules/workloads.ts";

/**
 * What no single construct can see, for raw objects too: what the cluster's version of Kubernetes would refuse, two
 * objects of one name or one file, one node port used twice, objects that do not fit together.
 */
export function findInTree(scope: IConstruct): readonly Finding[] {
  const objects = scope.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
  const rendered = renderScope(scope);
  const workloads = workloadsIn(rendered);
  const isWhole = scope === scope.node.root;
  const related = findInRelations(isWhole ? rendered : renderScope(scope.node.root));
  return [
    ...findInObjects(scope, rendered),
    ...duplicates(objects),
    ...sharedFiles(objects),
    ...sharedNodePorts(rendered),
    ...betweenRules.flatMap((rule) => rule(rendered, workloads)),
    ...(isWhole ? related : related.filter((finding) => isWithin(scope, finding))),
  ];
}

/** What objects say of each other, whoever wrote them. */
const betweenRules = [findInVolumes, findInScale, findInLimits, findInQuotas, findStrays, findUnfit];

function isWithin(scope: IConstruct, { constructPath }: Finding): boolean {
  return `${constructPath}/`.startsWith(`${scope.node.path}/`);
}

function duplicates(objects: readonly ApiObject[]): readonly Finding[] {
  return collisions(objects, (object) => [identityOf(object)]).map(([first, second]) =>
    findAt(second, "duplicate-object", "metadata.name", {
      message: `${second.kind} "${second.name}" is also made at "${first.node.path}"`,
      fix: "Give one of the two another name or namespace",
    }),
  );
}

// With a file per object, cdk8s names it by kind and name alone, and the last one written stays.
function sharedFiles(objects: readonly ApiObject[]): readonly Finding[] {
  const mode = objects[0] && App.of(objects[0]).yamlOutputType;
  if (mode !== YamlOutputType.FILE_PER_RESOURCE && mode !== YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE)
    return [];
  const folderOf = ({ chart }: ApiObject): string =>
    mode === YamlOutputType.FILE_PER_RESOURCE ? "" : chart.node.path;
  const fileOf = (object: ApiObject): string =>
    `${object.kind}.${object.name}`.replace(/[^0-9a-zA-Z-_.]/g, "");
  return collisions(objects, (object) => [JSON.stringify([folderOf(object), fileOf(object)])])
    .filter(([one, other]) => identityOf(one) !== identityOf(other))
    .map(([one, other]) =>
      findAt(other, "file-clash", "metadata.name", {
        message: `"${one.node.path}" is written to the same file, ${fileOf(other)}`,
        fix: "Write a file per chart, or give one of the two another name",
      }),
    );
}

function sharedNodePorts(rendered: readonly Rendered[]): readonly Finding[] {
  const services = rendered.filter(({ object }) => object.kind === "Service" && object.apiGroup === "core");
  return collisions(services, nodePortsOf).map(([first, second, port]) =>
    findAt(second.object, "node-port-taken", "spec.ports", {
      message: `node port ${port} is also used at "${first.object.node.path}"`,
      fix: "Choose another node port, or let the cluster choose",
    }),
  );
}

function identityOf({ apiGroup, kind, metadata, name }: ApiObject): string {
  return JSON.stringify([apiGroup, kind, metadata.namespace ?? "", name]);
}

function nodePortsOf({ json }: Rendered): readonly string[] {
  const ports: unknown = (json as Partial<Service>).spec?.ports;
  // A list that is none is another finding.
  const list = Array.isArray(ports) ? (ports as readonly unknown[]).filter((port) => isRecord(port)) : [];
  return (list as readonly Partial<ServicePort>[]).flatMap(({ nodePort, protocol }) =>
    nodePort ? [`${nodePort}/${protocol ?? "TCP"}`] : [],
  );
}

function collisions<T>(
  items: readonly T[],
  keysOf: (item: T) => readonly string[],
): readonly (readonly [T, T, string])[] {
  const owners = new Map<string, T>();
  const found: [T, T, string][] = [];
  for (const item of items) {
    for (const key of keysOf(item)) {
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, item);
      else found.push([owner, item, key]);
    }
  }
  return found;
}
