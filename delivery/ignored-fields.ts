import type { KubeObject } from "../kube/object.ts";
import { type Field, isField, text, valueAt, without, withValue } from "./fields.ts";
import { groupOf } from "./object-id.ts";

/** A field that somebody else decides on, in objects of a kind. */
export interface IgnoredField {
  readonly group: string;
  readonly kind: string;
  /** @default - every object of the kind */
  readonly namespace?: string;
  /** @default - every object of the kind */
  readonly name?: string;
  /** Names with dots between, `spec.replicas` for example; not into lists. */
  readonly path: string;
}

/** The number of pods of everything that these objects say an autoscaler decides on. */
export function scaledFields(objects: readonly KubeObject[]): readonly IgnoredField[] {
  return objects
    .filter(
      ({ apiVersion, kind }) => groupOf(apiVersion) === "autoscaling" && kind === "HorizontalPodAutoscaler",
    )
    .map((scaler) => ({
      group: groupOf(text(scaler, "spec.scaleTargetRef.apiVersion")),
      kind: text(scaler, "spec.scaleTargetRef.kind"),
      name: text(scaler, "spec.scaleTargetRef.name"),
      ...(scaler.metadata.namespace !== undefined && { namespace: scaler.metadata.namespace }),
      path: "spec.replicas",
    }));
}

/** The paths of the ignored fields that an object sets. */
export function ignoredIn(object: KubeObject, fields: readonly IgnoredField[]): readonly string[] {
  const { name, namespace } = object.metadata;
  const found = fields.filter(
    (field) =>
      field.kind === object.kind &&
      field.group === groupOf(object.apiVersion) &&
      (field.name ?? name) === name &&
      (field.namespace ?? namespace) === namespace &&
      valueAt(object, field.path) !== undefined,
  );
  return [...new Set(found.map(({ path }) => path))];
}

/**
 * The object as it is sent when somebody else decides on fields of it. A new object gets its first values. A live one
 * keeps what it has: the field is left out once another manager owns it, and sent with its live value as long as we
 * are its only owner, since the server resets a field that nobody owns. Pure.
 */
export function yieldFields(
  object: KubeObject,
  live: KubeObject | undefined,
  { paths, manager }: { readonly paths: readonly string[]; readonly manager: string },
): KubeObject {
  if (live === undefined) return object;
  return paths.reduce<Field>((sent, path) => {
    const value = valueAt(live, path);
    return value === undefined || hasOtherOwner(live, path, manager)
      ? without(sent, path)
      : withValue(sent, path, value);
  }, object) as KubeObject;
}

function hasOtherOwner({ metadata }: KubeObject, path: string, manager: string): boolean {
  return (metadata.managedFields ?? []).some(
    (entry) =>
      (entry.manager !== manager || entry.operation !== "Apply") &&
      isField(entry.fieldsV1) &&
      owns(entry.fieldsV1, path.split(".")),
  );
}

function owns(fields: Field, path: readonly string[]): boolean {
  const [name = "", ...rest] = path;
  const inner = fields[`f:${name}`];
  if (rest.length === 0) return inner !== undefined;
  return isField(inner) && owns(inner, rest);
}
