import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CustomSchema, Definition } from "../../../scripts/kubernetes/custom.ts";
import { closure, isServerWritten, type Schema, type Spec } from "../../../scripts/kubernetes/spec.ts";
import { runChecker } from "./run.ts";

/** Writes the schemas of some kinds as kubeconform reads them, strict: a field that upstream does not name is an error. */
export async function writeSchemas(spec: Spec, kinds: ReadonlySet<string>, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { apiVersion, kind, definition } of spec.kinds) {
    if (!kinds.has(`${apiVersion} ${kind}`)) continue;
    const definitions = closure(spec, [definition]).map((name) => [
      name,
      strict(spec.definitions.get(name) ?? {}, spec),
    ]);
    const schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      $ref: `#/definitions/${definition}`,
      definitions: Object.fromEntries(definitions) as unknown,
    };
    const suffix = apiVersion.split("/").map((part) => part.split(".")[0]);
    const file = [kind, ...suffix].join("-").toLowerCase();
    await writeFile(join(folder, `${file}.json`), JSON.stringify(schema));
  }
}

/** Writes the schemas of custom resources, as strict as those of Kubernetes. */
export async function writeCustomSchemas(definitions: readonly Definition[], folder: string): Promise<void> {
  for (const { spec } of definitions) {
    const [{ name, schema }] = spec.versions;
    const file = [spec.names.kind, spec.group.split(".")[0], name].join("-").toLowerCase();
    await writeFile(join(folder, `${file}.json`), JSON.stringify(strictCustom(schema.openAPIV3Schema)));
  }
}

/** What kubeconform finds wrong with objects, one line each; a kind without a schema is wrong too. */
export async function findInvalid(objects: readonly object[], folder: string): Promise<readonly string[]> {
  const documents = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  const location = join(folder, "{{.ResourceKind}}{{.KindSuffix}}.json");
  const args = ["-strict", "-summary", "-output", "json", "-schema-location", location, "-"];
  const { resources, summary } = JSON.parse(await runChecker("kubeconform", args, documents)) as Report;
  const found = resources.map(({ kind, name, status, msg }) => `${kind} ${name}: ${status}: ${msg}`);
  const judged = summary.valid + summary.invalid + summary.errors;
  return judged === objects.length ? found : [...found, `${judged} of ${objects.length} were judged`];
}

interface Report {
  readonly resources: readonly {
    readonly kind: string;
    readonly name: string;
    readonly status: string;
    readonly msg: string;
  }[];
  readonly summary: { readonly valid: number; readonly invalid: number; readonly errors: number };
}

function strict(schema: Schema, spec: Spec): unknown {
  const name = schema.$ref?.replace("#/definitions/", "");
  if (name !== undefined) {
    const target = spec.definitions.get(name);
    return target?.properties ? { $ref: schema.$ref } : strict(scalar(name, target), spec);
  }
  if (schema.format === "int-or-string") return { type: ["string", "integer", "number"] };
  const { properties, items, additionalProperties, type, required, enum: values } = schema;
  return {
    ...(type && { type }),
    ...(required && { required }),
    ...(values && { enum: values }),
    ...(items && { items: strict(items, spec) }),
    ...(properties && { properties: strictFields(properties, spec), additionalProperties: false }),
    ...(additionalProperties && { additionalProperties: strict(additionalProperties, spec) }),
  };
}

function strictCustom(schema: CustomSchema): object {
  if (schema["x-kubernetes-int-or-string"] === true) return { type: ["string", "integer"] };
  const { properties, items, additionalProperties, ...rest } = schema;
  const given = [
    "type",
    "required",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
  ];
  const inner = Object.entries((properties ?? {}) as Readonly<Record<string, CustomSchema>>);
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => given.includes(key))),
    ...(items !== undefined && { items: strictCustom(items as CustomSchema) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(inner.map(([key, value]) => [key, strictCustom(value)])),
      additionalProperties: false,
    }),
    ...(isSchema(additionalProperties) && { additionalProperties: strictCustom(additionalProperties) }),
  };
}

function isSchema(value: unknown): value is CustomSchema {
  return typeof value === "object" && value !== null;
}

function strictFields(properties: Readonly<Record<string, Schema>>, spec: Spec): object {
  const given = Object.entries(properties).filter(([key, schema]) => !isServerWritten(key, schema));
  return Object.fromEntries(given.map(([key, schema]) => [key, strict(schema, spec)]));
}

// Upstream writes a quantity as text, and the server takes a number too.
function scalar(name: string, target: Schema = {}): Schema {
  return name.endsWith(".resource.Quantity") ? { format: "int-or-string" } : target;
}
