import { KeelsonError } from "../../errors.ts";

/** A rendered object in the order of the program. */
export interface OrderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Objects in the order of their creation, and for each the indexes, in that order, that must be there before it. */
export interface Plan<T> {
  readonly objects: readonly T[];
  readonly before: readonly (readonly number[])[];
  /** Those of `before` that the program itself asks for. */
  readonly asked: readonly (readonly number[])[];
}

/**
 * Puts objects in the order in which they can be created: what the program asks for, then namespaces and custom
 * resource definitions, then what pods refer to, then the rest. An object waits only for what it needs itself.
 * `explicit` holds, for each object, the indexes of those that the program puts before it.
 */
export function planOrder<T extends OrderedObject>(
  objects: readonly T[],
  explicit: readonly ReadonlySet<number>[],
): Plan<T> {
  const order = sort(objects, explicit);
  const position = new Map(order.map((index, place) => [index, place]));
  const sorted = order.map((index) => objects[index]).filter((object) => object !== undefined);
  const needs = sorted.map((object) => new Needs(object));
  const asked = order.map((index) =>
    [...(explicit[index] ?? [])].map((other) => position.get(other) ?? 0).toSorted((a, b) => a - b),
  );
  const before = order.map((_, place) => {
    const implied = sorted
      .slice(0, place)
      .flatMap((other, otherPlace) => (needs[place]?.has(other) === true ? [otherPlace] : []));
    return [...new Set([...(asked[place] ?? []), ...implied])].toSorted((a, b) => a - b);
  });
  return { objects: sorted, before, asked };
}

/** What an object needs of the objects of its own program. */
class Needs {
  readonly #object: OrderedObject;
  readonly #pod: PodTemplate | undefined;
  readonly #words: ReadonlySet<string>;

  constructor(object: OrderedObject) {
    this.#object = object;
    this.#pod = podTemplateOf(object);
    this.#words = new Set(this.#pod && wordsOf(this.#pod.spec));
  }

  has(other: OrderedObject): boolean {
    const { name, namespace } = other.metadata;
    if (other.kind === "Namespace") return this.#object.metadata.namespace === name;
    if (other.kind === "CustomResourceDefinition") return groupOf(this.#object) === crdGroup(other);
    if (this.#pod === undefined) return false;
    if (rbac.has(other.kind)) return true;
    if (namespace !== this.#object.metadata.namespace) return false;
    if (other.kind === "NetworkPolicy") return selects(other, this.#pod.metadata?.labels ?? {});
    return referenced.has(other.kind) && this.#words.has(name);
  }
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: unknown;
}

const first = new Set(["Namespace", "CustomResourceDefinition"]);
const referenced = new Set(["ServiceAccount", "Secret", "ConfigMap"]);
const rbac = new Set(["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]);

function stageOf({ kind }: OrderedObject): number {
  if (first.has(kind)) return 0;
  return referenced.has(kind) || rbac.has(kind) || kind === "NetworkPolicy" ? 1 : 2;
}

function sort(
  objects: readonly OrderedObject[],
  explicit: readonly ReadonlySet<number>[],
): readonly number[] {
  const byStage = objects.map((object, index) => ({ index, stage: stageOf(object) }));
  const pending = byStage
    .toSorted((a, b) => a.stage - b.stage || a.index - b.index)
    .map(({ index }) => index);
  const order: number[] = [];
  const visiting = new Set<number>();
  const done = new Set<number>();
  const visit = (index: number): void => {
    if (done.has(index)) return;
    if (visiting.has(index)) {
      const { kind, metadata } = objects[index] ?? { kind: "object", metadata: { name: String(index) } };
      const message = `Cannot order the objects: ${kind} "${metadata.name}" depends on itself`;
      throw new KeelsonError("KEELSON_INVALID_CONSTRUCT", message, { fix: "Remove one of its dependencies" });
    }
    visiting.add(index);
    for (const other of [...(explicit[index] ?? [])].toSorted((a, b) => a - b)) visit(other);
    visiting.delete(index);
    done.add(index);
    order.push(index);
  };
  for (const index of pending) visit(index);
  return order;
}

function podTemplateOf(object: OrderedObject): PodTemplate | undefined {
  if (object.kind === "Pod") return object as OrderedObject & PodTemplate;
  const template = at(object, "spec", "template") ?? at(object, "spec", "jobTemplate", "spec", "template");
  return at(template, "spec", "containers") === undefined ? undefined : (template as PodTemplate);
}

function selects(policy: OrderedObject, labels: Readonly<Record<string, string>>): boolean {
  const wanted = at(policy, "spec", "podSelector", "matchLabels") ?? {};
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function groupOf({ apiVersion }: OrderedObject): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

function crdGroup(definition: OrderedObject): unknown {
  return at(definition, "spec", "group");
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  );
}

function wordsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(wordsOf) : [];
}
