import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { goModule } from "./spec.ts";

/** A definition of custom resources that others publish, and the version of it that clusters have served longest. */
interface Source {
  readonly module: string;
  readonly release: string;
  readonly file: string;
  readonly version: string;
}

/** The module that publishes the Gateway API. */
export const gatewayApi = { module: "sigs.k8s.io/gateway-api", release: "1.6.0" };
const prometheus = { module: "github.com/prometheus-operator/prometheus-operator", release: "0.85.0" };
const gatewayFolder = "config/crd/standard/gateway.networking.k8s.io";
const prometheusFolder = "example/prometheus-operator-crd/monitoring.coreos.com";

const sources: readonly Source[] = [
  { ...gatewayApi, file: `${gatewayFolder}_gateways.yaml`, version: "v1" },
  { ...gatewayApi, file: `${gatewayFolder}_grpcroutes.yaml`, version: "v1" },
  { ...gatewayApi, file: `${gatewayFolder}_httproutes.yaml`, version: "v1" },
  { ...gatewayApi, file: `${gatewayFolder}_referencegrants.yaml`, version: "v1beta1" },
  { ...prometheus, file: `${prometheusFolder}_podmonitors.yaml`, version: "v1" },
  { ...prometheus, file: `${prometheusFolder}_servicemonitors.yaml`, version: "v1" },
  {
    module: "github.com/external-secrets/external-secrets",
    release: "1.3.2",
    file: "config/crds/bases/external-secrets.io_externalsecrets.yaml",
    version: "v1",
  },
  {
    module: "sigs.k8s.io/secrets-store-csi-driver",
    release: "1.4.8",
    file: "config/crd/bases/secrets-store.csi.x-k8s.io_secretproviderclasses.yaml",
    version: "v1",
  },
  {
    module: "sigs.k8s.io/mcs-api",
    release: "0.5.2",
    file: "config/crd/multicluster.x-k8s.io_serviceexports.yaml",
    version: "v1alpha1",
  },
  {
    module: "sigs.k8s.io/mcs-api",
    release: "0.5.2",
    file: "config/crd/multicluster.x-k8s.io_serviceimports.yaml",
    version: "v1alpha1",
  },
];

/** A part of an OpenAPI schema of a definition. */
export type CustomSchema = Readonly<Record<string, unknown>>;

/** A definition with the one version that is kept of it. */
export interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly scope: string;
    readonly versions: readonly [
      {
        readonly name: string;
        readonly served: boolean;
        readonly schema: { readonly openAPIV3Schema: CustomSchema };
      },
    ];
  };
}

/** A definition as it is published. */
export interface PublishedDefinition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Omit<Definition["spec"], "versions"> & { readonly versions: readonly Version[] };
}

/** The definitions as they are published, whole; undefined if a module is not on this machine. */
export function readPublished(download: boolean): readonly PublishedDefinition[] | undefined {
  const found: PublishedDefinition[] = [];
  for (const { module, release, file } of sources) {
    const folder = goModule(module, release, download);
    if (folder === undefined) return undefined;
    found.push(parse(readFileSync(join(folder, file), "utf8")) as PublishedDefinition);
  }
  return found;
}

/** The definitions with one version each, without texts and rules that nobody here reads; undefined if a module is not on this machine. */
export function readDefinitions(download: boolean): readonly Definition[] | undefined {
  return readPublished(download)?.map(({ spec }, index) => {
    const { file = "", version = "" } = sources[index] ?? {};
    const kept = spec.versions.find(({ name }) => name === version);
    if (kept === undefined) throw new Error(`Cannot read ${file}: it has no version ${version}`);
    const schema = { openAPIV3Schema: prune(kept.schema.openAPIV3Schema) as CustomSchema };
    return {
      spec: {
        group: spec.group,
        names: { kind: spec.names.kind },
        scope: spec.scope,
        versions: [{ name: version, served: true, schema }],
      },
    };
  });
}

/** The module with the definitions as text, one per line, which costs nothing until it is read. */
export function renderDefinitions(definitions: readonly Definition[]): string {
  const lines = definitions.map((definition) =>
    JSON.stringify(definition, withoutTexts).replaceAll("\\", "\\\\"),
  );
  return `${header}
/** Definitions of custom resources as they are published, one per line, without texts and rules in CEL. */
export const customResources = \`
${lines.join("\n").replaceAll("`", "\\`").replaceAll("${", "\\${")}
\`;
`;
}

/** The TypeScript types of the definitions, as the text of a file. */
export function renderCustomTypes(definitions: readonly Definition[]): string {
  const types = definitions.map(({ spec: { group, names, versions } }) => {
    const [{ name, schema }] = versions;
    const { properties = {} } = schema.openAPIV3Schema as {
      properties?: Readonly<Record<string, CustomSchema>>;
    };
    return `${comment(schema.openAPIV3Schema, "")}export interface ${names.kind} {
  readonly apiVersion: "${group}/${name}";
  readonly kind: "${names.kind}";
  readonly metadata?: ObjectMeta;
  readonly spec: ${typeOf(properties["spec"] ?? {}, "  ")};
}
`;
  });
  return `${header}\nimport type { IntOrString, ObjectMeta } from "./types-1.35.ts";\n\n${types.join("\n")}`;
}

interface Version {
  readonly name: string;
  readonly schema: { readonly openAPIV3Schema: CustomSchema };
}

const header = `// Generated by scripts/generate-kubernetes.ts from definitions of custom resources (Apache-2.0):
${[...new Set(sources.map(({ module, release }) => `// ${module} ${release}`))].join("\n")}
`;

const unread = [
  "x-kubernetes-validations",
  "x-kubernetes-map-type",
  "oneOf",
  "anyOf",
  "allOf",
  "not",
  "title",
];

function prune(schema: unknown, isNames = false): unknown {
  if (Array.isArray(schema)) return schema.map((item) => prune(item));
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([key]) => isNames || !unread.includes(key));
  const inner = kept.filter(([key]) => !(isNames && key === "status" && "spec" in schema));
  return Object.fromEntries(
    inner.map(([key, value]) => [key, prune(value, key === "properties" && !isNames)]),
  );
}

function withoutTexts(key: string, value: unknown): unknown {
  return key === "description" && typeof value === "string" ? undefined : value;
}

function typeOf(schema: CustomSchema, indent: string): string {
  const { type, items, properties, additionalProperties, enum: values } = schema;
  if (schema["x-kubernetes-int-or-string"] === true) return "IntOrString";
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (type === "array") return listOf(typeOf((items ?? {}) as CustomSchema, indent));
  if (typeof additionalProperties === "object" && additionalProperties !== null)
    return `Readonly<Record<string, ${typeOf(additionalProperties as CustomSchema, indent)}>>`;
  if (properties !== undefined) return fieldsOf(schema, indent);
  if (type === "object") return "Readonly<Record<string, unknown>>";
  return type === "integer" ? "number" : typeof type === "string" ? type : "unknown";
}

function listOf(item: string): string {
  return item.includes(" | ") && !item.startsWith("{") ? `readonly (${item})[]` : `readonly ${item}[]`;
}

function fieldsOf(schema: CustomSchema, indent: string): string {
  const deeper = `${indent}  `;
  const required = (schema["required"] ?? []) as readonly string[];
  const lines = Object.entries(schema["properties"] as Readonly<Record<string, CustomSchema>>).map(
    ([key, inner]) => {
      const name = /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
      const isGiven = required.includes(key) && inner["default"] === undefined;
      return `${comment(inner, deeper)}${deeper}readonly ${name}${isGiven ? "" : "?"}: ${typeOf(inner, deeper)};`;
    },
  );
  return `{\n${lines.join("\n")}\n${indent}}`;
}

function comment({ description }: CustomSchema, indent: string): string {
  if (typeof description !== "string") return "";
  const sentence = /^.*?[.](?=\s+[A-Z]|\s*$)/s.exec(description)?.[0] ?? description;
  return `${indent}/** ${sentence.replace(/\s+/g, " ").trim().replaceAll("*/", "*\\/")} */\n`;
}
