import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readEnums } from "./enums.ts";

/** A part of the OpenAPI document of Kubernetes. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly enum?: readonly string[];
  readonly $ref?: string;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
}

/** A kind that a cluster keeps, and the name of its definition. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly definition: string;
  readonly namespaced: boolean;
}

/** What one minor version of Kubernetes knows. */
export interface Spec {
  readonly minor: string;
  readonly kinds: readonly Kind[];
  readonly definitions: ReadonlyMap<string, Schema>;
}

/** The releases that the minors are generated from, oldest first. */
export const releases: readonly string[] = ["1.34.4", "1.35.4", "1.36.3"];

/** Whether the server writes a field, so that a manifest need not carry it. A status that is a word is part of what is asked for. */
export function isServerWritten(key: string, schema: Schema): boolean {
  if (key === "status") return referred(schema) !== undefined;
  return key === "managedFields" || key === "selfLink";
}

/** The folder of a Go module at a version if it is on this machine; `download` fetches it. */
export function goModule(path: string, version: string, download: boolean): string | undefined {
  const root = execFileSync("go", ["env", "GOMODCACHE"], { encoding: "utf8" }).trim();
  const folder = join(root, `${path}@v${version}`);
  if (existsSync(folder) || !download) return existsSync(folder) ? folder : undefined;
  execFileSync("go", ["mod", "download", `${path}@v${version}`], { stdio: "inherit", cwd: tmpdir() });
  return folder;
}

/** Reads what a release knows from its module. */
export function readSpec(folder: string, release: string): Spec {
  const { definitions, paths } = JSON.parse(
    readFileSync(join(folder, "api/openapi-spec/swagger.json"), "utf8"),
  ) as Document;
  const enums = readEnums(join(folder, "pkg/generated/openapi/zz_generated.openapi.go"));
  const named = Object.entries(definitions).map(([name, schema]): [string, Schema] => [
    name,
    withEnums(schema, enums.get(enumName(name))),
  ]);
  return {
    minor: release.replace(/\.\d+$/, ""),
    kinds: kindsOf(definitions, paths),
    definitions: new Map(named),
  };
}

/** The name of the definition that a schema refers to. */
export function referred(schema: Schema): string | undefined {
  return schema.$ref?.replace("#/definitions/", "");
}

/** All names of definitions that others refer to, those given included, sorted. */
export function closure(spec: Spec, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const schema = spec.definitions.get(name);
    if (found.has(name) || schema?.properties === undefined) continue;
    found.add(name);
    for (const [key, inner] of Object.entries(schema.properties)) {
      if (!isServerWritten(key, inner)) pending.push(...references(inner));
    }
  }
  return [...found].toSorted();
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface Operation {
  readonly "x-kubernetes-action"?: string;
  readonly "x-kubernetes-group-version-kind"?: GroupVersionKind;
}

interface Document {
  readonly definitions: Readonly<Record<string, Schema & Identified>>;
  readonly paths: Readonly<Record<string, { readonly patch?: Operation }>>;
}

interface Identified {
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
}

// What can be patched is kept; reviews and bindings cannot.
function kindsOf(definitions: Document["definitions"], paths: Document["paths"]): readonly Kind[] {
  const names = new Map(
    Object.entries(definitions).flatMap(([name, schema]) =>
      (schema["x-kubernetes-group-version-kind"] ?? []).map((each) => [apiKind(each), name] as const),
    ),
  );
  const kinds = Object.entries(paths).flatMap(([path, { patch }]) => {
    const identity = patch?.["x-kubernetes-group-version-kind"];
    if (identity === undefined || !path.endsWith("/{name}")) return [];
    const definition = names.get(apiKind(identity));
    if (definition === undefined) return [];
    const apiVersion = [identity.group, identity.version].filter(Boolean).join("/");
    return [
      { apiVersion, kind: identity.kind, definition, namespaced: path.includes("/namespaces/{namespace}/") },
    ];
  });
  return kinds.toSorted((a, b) => compare(`${a.apiVersion} ${a.kind}`, `${b.apiVersion} ${b.kind}`));
}

function apiKind({ group, version, kind }: GroupVersionKind): string {
  return [group, version, kind].join("/");
}

function references(schema: Schema): readonly string[] {
  const own = referred(schema);
  if (own !== undefined) return [own];
  return [schema.items, schema.additionalProperties].flatMap((inner) => (inner ? references(inner) : []));
}

function withEnums(schema: Schema, enums: ReadonlyMap<string, readonly string[]> | undefined): Schema {
  if (enums === undefined || schema.properties === undefined) return schema;
  const properties = Object.entries(schema.properties).map(([key, inner]): [string, Schema] => {
    const values = enums.get(key);
    if (values === undefined) return [key, inner];
    return [
      key,
      inner.items ? { ...inner, items: { ...inner.items, enum: values } } : { ...inner, enum: values },
    ];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

function enumName(definition: string): string {
  return definition.split(".").slice(-3).join("_");
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
