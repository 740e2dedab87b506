import { isRecord } from "../core/json.ts";
import { at } from "../core/parts.ts";
import { readBounds } from "./bounds.ts";
import type { KindSchema } from "./catalogue.ts";
import type { Field, Type } from "./type.ts";

/** A version of a custom resource, as its definition has it. */
export interface CustomKind extends KindSchema {
  readonly served: boolean;
  /** The warning of a deprecated version; undefined if it is not deprecated. */
  readonly deprecation: string | undefined;
}

/** The kinds that a CustomResourceDefinition defines, one per version; `metadata` is the type of their metadata. */
export function readDefinition(definition: unknown, metadata: Type): readonly CustomKind[] {
  const spec = at(definition, "spec");
  const versions = at(spec, "versions");
  const [group, kind] = [String(at(spec, "group")), String(at(spec, "names", "kind"))];
  return (Array.isArray(versions) ? versions : []).map((version: unknown): CustomKind => {
    const name = String(at(version, "name"));
    const warning = at(version, "deprecationWarning");
    const schema = typeOf(at(version, "schema", "openAPIV3Schema"));
    return {
      apiVersion: `${group}/${name}`,
      kind,
      namespaced: at(spec, "scope") === "Namespaced",
      type: withIdentity(schema, metadata),
      served: at(version, "served") !== false,
      deprecation:
        at(version, "deprecated") === true
          ? typeof warning === "string"
            ? warning
            : `${group}/${name} ${kind} is deprecated`
          : undefined,
    };
  });
}

function withIdentity(type: Type, metadata: Type): KindSchema["type"] {
  const own = type.kind === "object" ? type : undefined;
  const identity: readonly (readonly [string, Field])[] = [
    ["apiVersion", { required: true, type: { kind: "text" } }],
    ["kind", { required: true, type: { kind: "text" } }],
    ["metadata", { required: false, type: metadata }],
    ["status", { required: false, type: { kind: "anything" } }],
  ];
  const fields = (): ReadonlyMap<string, Field> => new Map([...(own?.fields() ?? []), ...identity]);
  return { kind: "object", fields, isOpen: own?.isOpen ?? true };
}

function typeOf(schema: unknown): Type {
  if (!isRecord(schema)) return { kind: "anything" };
  const type = plainType(schema);
  const bounds = readBounds(schema);
  return bounds === undefined ? type : { kind: "bounded", type, bounds };
}

function plainType(schema: Readonly<Record<string, unknown>>): Type {
  if (schema["x-kubernetes-int-or-string"] === true) return { kind: "intOrString" };
  if (Array.isArray(schema["enum"])) return { kind: "enum", values: schema["enum"] as readonly unknown[] };
  switch (schema["type"]) {
    case "object":
      return objectType(schema);
    case "array":
      return listType(schema);
    case "string":
      return {
        kind: schema["format"] === "byte" ? "bytes" : schema["format"] === "date-time" ? "time" : "text",
      };
    case "boolean":
      return { kind: "boolean" };
    case "integer":
      return { kind: schema["format"] === "int32" ? "int32" : "int64" };
    case "number":
      return { kind: "number" };
    default:
      return { kind: "anything" };
  }
}

function objectType(schema: Readonly<Record<string, unknown>>): Type {
  const { properties, additionalProperties } = schema;
  if (additionalProperties === true) return { kind: "free" };
  if (isRecord(additionalProperties)) return { kind: "map", value: typeOf(additionalProperties) };
  const isOpen =
    schema["x-kubernetes-preserve-unknown-fields"] === true ||
    schema["x-kubernetes-embedded-resource"] === true;
  if (!isRecord(properties)) return isOpen ? { kind: "free" } : closed(new Map());
  const required = Array.isArray(schema["required"]) ? (schema["required"] as readonly unknown[]) : [];
  let fields: ReadonlyMap<string, Field> | undefined;
  const read = (): ReadonlyMap<string, Field> =>
    new Map(
      Object.entries(properties).map(([name, inner]): [string, Field] => {
        // The server fills defaults in before it looks for what is missing.
        const isRequired = required.includes(name) && at(inner, "default") === undefined;
        return [name, { required: isRequired, type: typeOf(inner) }];
      }),
    );
  return { kind: "object", fields: () => (fields ??= read()), isOpen };
}

function closed(fields: ReadonlyMap<string, Field>): Type {
  return { kind: "object", fields: () => fields, isOpen: false };
}

function listType(schema: Readonly<Record<string, unknown>>): Type {
  const keys = schema["x-kubernetes-list-map-keys"];
  return {
    kind: "list",
    item: typeOf(schema["items"]),
    keys: Array.isArray(keys) ? keys.map(String) : [],
    isSet: schema["x-kubernetes-list-type"] === "set",
    mergeKey: undefined,
  };
}
