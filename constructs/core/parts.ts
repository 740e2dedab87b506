import { isRecord } from "./json.ts";
import type { Rendered } from "./rendered.ts";

/** A part of a manifest, of any shape. */
export type Part = Readonly<Record<string, unknown>>;

/** What stands in an object at a path; undefined if nothing does. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

/** The record that stands in an object at a path; an empty one if there is none. */
export function partAt(value: unknown, ...path: readonly string[]): Part {
  const found = at(value, ...path);
  return isRecord(found) ? found : {};
}

/** The records of a list in an object; none if there is no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly Part[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? (list as readonly unknown[]).filter(isRecord) : [];
}

/** The number that stands in an object at a path; undefined if there is none. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** The text that stands in an object at a path, a number included; empty if there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  return textOf(at(value, ...path));
}

/** A name or number as text; what is neither is left to the check of its type. */
export function textOf(value: unknown, otherwise = ""): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : otherwise;
}

/** The name of a rendered object. */
export function nameOf({ json }: Rendered): string {
  return textAt(json, "metadata", "name");
}

/** The namespace of a rendered object; empty for the one that the manifests are applied to. */
export function namespaceOf({ json }: Rendered): string {
  return textAt(json, "metadata", "namespace");
}

/** What an object says of its pods. */
export interface PodPart {
  readonly labels: Part;
  readonly spec: Part;
  /** Where the spec stands in the object, `spec.template.spec` for example. */
  readonly path: string;
}

/** The pods that an object makes, or is; undefined if it makes none. */
export function podPartOf(json: Part): PodPart | undefined {
  const maker = podMakers[String(json["kind"])];
  if (maker === undefined || maker.group !== groupOf(json)) return undefined;
  const template = at(json, ...maker.template);
  return {
    labels: partAt(template, "metadata", "labels"),
    spec: partAt(template, "spec"),
    path: [...maker.template, "spec"].join("."),
  };
}

/** The API group of each kind that makes pods, and the keys to their template. */
const podMakers: Readonly<Record<string, { readonly group: string; readonly template: readonly string[] }>> =
  {
    Pod: { group: "", template: [] },
    Deployment: { group: "apps", template: ["spec", "template"] },
    StatefulSet: { group: "apps", template: ["spec", "template"] },
    DaemonSet: { group: "apps", template: ["spec", "template"] },
    ReplicaSet: { group: "apps", template: ["spec", "template"] },
    Job: { group: "batch", template: ["spec", "template"] },
    CronJob: { group: "batch", template: ["spec", "jobTemplate", "spec", "template"] },
  };

function groupOf(json: Part): string {
  const [group, version] = textOf(json["apiVersion"]).split("/");
  return version === undefined ? "" : (group ?? "");
}
