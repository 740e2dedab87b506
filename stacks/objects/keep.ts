import type { OrderedObject } from "./order.ts";

/**
 * Which objects stay on the cluster when the app goes: what says so by Helm's annotation, as claims whose data is kept
 * do, and the namespaces of data that is kept, since nothing outlives its namespace.
 */
export function keptOf(objects: readonly OrderedObject[]): (object: OrderedObject) => boolean {
  const namespaces = new Set(objects.filter(holdsData).map(({ metadata }) => metadata.namespace));
  return (object) => isKept(object) || (object.kind === "Namespace" && namespaces.has(object.metadata.name));
}

function holdsData(object: OrderedObject): boolean {
  if (object.kind !== "StatefulSet") return isKept(object);
  const { spec } = object as Stateful;
  const { whenDeleted = "Retain" } = spec?.persistentVolumeClaimRetentionPolicy ?? {};
  return (spec?.volumeClaimTemplates?.length ?? 0) > 0 && whenDeleted === "Retain";
}

function isKept({ metadata }: OrderedObject): boolean {
  const { annotations } = metadata as { readonly annotations?: Readonly<Record<string, string>> };
  return annotations?.["helm.sh/resource-policy"] === "keep";
}

interface Stateful {
  readonly spec?: {
    readonly volumeClaimTemplates?: readonly unknown[];
    readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: string };
  };
}
