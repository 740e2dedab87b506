import { type Problem, ProblemsError } from "../errors.ts";
import type { KubeObject } from "../kube/object.ts";
import { parallel } from "../remote/parallel.ts";
import { type Inventory, partOfLabel, setId } from "./apply-set.ts";
import { digestAnnotation, objectDigest, releaseDigest } from "./digest.ts";
import { text } from "./fields.ts";
import { groupOf, keyOf } from "./object-id.ts";
import type { Rules } from "./judge.ts";
import { dependencyProblems } from "./order.ts";
import type { Session } from "./session.ts";

/** One object as it is to be. */
export interface WantedObject {
  readonly key: string;
  /** As it is sent: in its namespace, with the label of its set and its digest. */
  readonly object: KubeObject;
  readonly digest: string;
  /** Whether the set itself has the definition of its kind, or its namespace. */
  readonly isExpected: boolean;
}

/** What a set is to hold. */
export interface Release {
  readonly objects: readonly WantedObject[];
  readonly digest: string;
}

/**
 * Puts objects into their namespaces and marks them as members of a set.
 *
 * @throws ProblemsError with everything that is wrong with the objects by themselves, and kinds that nobody serves
 */
export async function resolveRelease(
  session: Session,
  objects: readonly KubeObject[],
  { inventory, namespace }: Pick<Rules, "inventory" | "namespace">,
): Promise<Release> {
  const unnamed = objects.flatMap((object, index) => malformed(object, index));
  if (objects.length === 0)
    unnamed.push(problem("objects", "there are none", "Use remove to take an app away"));
  if (unnamed.length > 0) throw new ProblemsError(`apply to "${session.cluster}"`, unnamed);
  const scopes = await kindScopes(session, objects);
  const placed = objects.map((object) => place(object, scopes.get(kindText(object)), namespace));
  const problems = [
    ...[...scopes].filter(([, scope]) => scope === undefined).map(([kind]) => unserved(kind)),
    ...duplicates(placed),
    ...placed.flatMap((object) => misused(object, inventory)),
    ...dependencyProblems(placed),
  ];
  if (problems.length > 0) throw new ProblemsError(`apply to "${session.cluster}"`, problems);
  const made = madeBy(placed);
  const wanted = placed.map((object) => markObject(object, inventory, made));
  return { objects: wanted, digest: releaseDigest(wanted.map(({ digest }) => digest)) };
}

type Scope = "Namespaced" | "Cluster";

function markObject(object: KubeObject, inventory: Inventory, made: ReadonlySet<string>): WantedObject {
  const { metadata } = object;
  const digest = objectDigest(object);
  return {
    key: keyOf(object),
    digest,
    isExpected: made.has(kindText(object)) || made.has(`Namespace ${metadata.namespace ?? ""}`),
    object: {
      ...object,
      metadata: {
        ...metadata,
        labels: { ...metadata.labels, [partOfLabel]: setId(inventory) },
        annotations: { ...metadata.annotations, [digestAnnotation]: digest },
      },
    },
  };
}

async function kindScopes(
  session: Session,
  objects: readonly KubeObject[],
): Promise<ReadonlyMap<string, Scope | undefined>> {
  const kinds = [...Map.groupBy(objects, kindText).values()].flatMap(([first]) => first ?? []);
  const defined = new Map(objects.filter(isDefinition).flatMap(definedKinds));
  const scopes = await parallel(
    kinds,
    {
      what: `find the kinds on "${session.cluster}"`,
      where: kindText,
      limit: session.limit,
      ...(session.signal && { signal: session.signal }),
    },
    async (object): Promise<readonly [string, Scope | undefined]> => {
      const inSet = defined.get(kindText(object));
      if (inSet !== undefined) return [kindText(object), inSet];
      const served = await session.paths.find(object.apiVersion, object.kind, session.signal);
      const scope = served?.namespaced === true ? "Namespaced" : "Cluster";
      return [kindText(object), served === undefined ? undefined : scope];
    },
  );
  return new Map(scopes);
}

function isDefinition({ apiVersion, kind }: KubeObject): boolean {
  return groupOf(apiVersion) === "apiextensions.k8s.io" && kind === "CustomResourceDefinition";
}

function definedKinds(definition: KubeObject): readonly (readonly [string, Scope])[] {
  const { spec } = definition as {
    readonly spec?: { readonly versions?: readonly { readonly name?: string }[] };
  };
  const scope = text(definition, "spec.scope") === "Cluster" ? "Cluster" : "Namespaced";
  return (spec?.versions ?? []).map(({ name = "" }) => [
    `${text(definition, "spec.group")}/${name} ${text(definition, "spec.names.kind")}`,
    scope,
  ]);
}

/** What the set itself makes that others of it need: its namespaces and its kinds. */
function madeBy(objects: readonly KubeObject[]): ReadonlySet<string> {
  const kinds = objects.filter(isDefinition).flatMap(definedKinds);
  const namespaces = objects.filter(({ apiVersion, kind }) => apiVersion === "v1" && kind === "Namespace");
  return new Set([
    ...kinds.map(([kind]) => kind),
    ...namespaces.map(({ metadata }) => `Namespace ${metadata.name}`),
  ]);
}

function kindText({ apiVersion, kind }: KubeObject): string {
  return `${apiVersion} ${kind}`;
}

function place(object: KubeObject, scope: Scope | undefined, namespace: string): KubeObject {
  const { namespace: own, ...metadata } = object.metadata;
  return scope === "Cluster"
    ? { ...object, metadata }
    : { ...object, metadata: { ...metadata, namespace: own ?? namespace } };
}

function malformed(object: Partial<KubeObject>, index: number): readonly Problem[] {
  const where = `objects[${index}]`;
  const missing = ["apiVersion", "kind", "metadata.name"].filter((path) => text(object, path) === "");
  return missing.length === 0
    ? []
    : [problem(where, `it has no ${missing.join(", no ")}`, "Give the object what is missing")];
}

function duplicates(objects: readonly KubeObject[]): readonly Problem[] {
  return [...Map.groupBy(objects, keyOf)]
    .filter(([, same]) => same.length > 1)
    .map(([key, same]) => problem(key, `it is there ${same.length} times`, "Leave one of them"));
}

function misused(object: KubeObject, { name, namespace }: Inventory): readonly Problem[] {
  const where = keyOf(object);
  const isParent =
    object.kind === "Secret" && object.metadata.name === name && object.metadata.namespace === namespace;
  if (isParent)
    return [problem(where, "it is the set's own inventory", "Choose another name for one of them")];
  return object.metadata.labels?.[partOfLabel] === undefined
    ? []
    : [problem(where, `it has the label ${partOfLabel}`, "Leave the label to the inventory")];
}

function unserved(kind: string): Problem {
  return problem(
    kind,
    "the cluster does not serve the kind",
    "Put its definition into the set, or install it first",
  );
}

function problem(where: string, message: string, fix: string): Problem {
  return { code: "KEELSON_INVALID_INPUT", where, message, fix };
}
