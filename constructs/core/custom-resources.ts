import type { IConstruct } from "constructs";
import { customResources } from "../kubernetes/custom-resources.ts";
import { catalogueOf, defaultMinor } from "../schema/catalogue.ts";
import { type CustomKind, readDefinition } from "../schema/custom.ts";
import type { Type } from "../schema/type.ts";

const definitionsMark = Symbol.for("keelson.custom-resources");

/** Makes custom resources known to the app that holds the scope. */
export function addDefinitions(scope: IConstruct, definitions: readonly object[]): void {
  const root = scope.node.root;
  const value = [...definitionsAt(root), ...definitions];
  Object.defineProperty(root, definitionsMark, { value, configurable: true });
}

/** The kinds that definitions define, by `apiVersion Kind`: those that were added, and the app's own. */
export function customKinds(scope: IConstruct, own: readonly object[]): ReadonlyMap<string, CustomKind> {
  const kinds = [...definitionsAt(scope.node.root), ...own].flatMap(kindsIn);
  return new Map(kinds.map((each) => [`${each.apiVersion} ${each.kind}`, each]));
}

/** A kind of a custom resource that is known without being registered; a registered definition comes first. */
export function wellKnownKind(apiVersion: string, kind: string): CustomKind | undefined {
  wellKnown ??= new Map(
    customResources
      .trim()
      .split("\n")
      .flatMap((line) => kindsIn(JSON.parse(line) as object))
      .map((each) => [`${each.apiVersion} ${each.kind}`, each]),
  );
  return wellKnown.get(`${apiVersion} ${kind}`);
}

let wellKnown: ReadonlyMap<string, CustomKind> | undefined;

const read = new WeakMap<object, readonly CustomKind[]>();

function kindsIn(definition: object): readonly CustomKind[] {
  const known = read.get(definition) ?? readDefinition(definition, metadataType());
  read.set(definition, known);
  return known;
}

function metadataType(): Type {
  const fields = catalogueOf(defaultMinor).find("v1", "ConfigMap")?.type.fields();
  return fields?.get("metadata")?.type ?? { kind: "free" };
}

function definitionsAt(root: IConstruct): readonly object[] {
  return (root as { [definitionsMark]?: readonly object[] })[definitionsMark] ?? [];
}
