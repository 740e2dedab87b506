import type { KubeObject } from "../kube/object.ts";

/** A kind without its version, as inventories name it. */
export interface GroupKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly kind: string;
}

/** What makes an object the same object in every version of its API. */
export interface ObjectId extends GroupKind {
  readonly name: string;
  /** Undefined for objects of the whole cluster. */
  readonly namespace?: string;
}

/** The identity of an object. */
export function idOf({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): ObjectId {
  return { group: groupOf(apiVersion), kind, name, ...(namespace !== undefined && { namespace }) };
}

/** `apps/Deployment shop/web`: equal texts are equal objects. */
export function idText({ group, kind, namespace, name }: ObjectId): string {
  return `${group === "" ? "" : `${group}/`}${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** The identity of an object as text. */
export function keyOf(object: KubeObject): string {
  return idText(idOf(object));
}

/** The group of an API version, empty for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

/** `Deployment.apps`, or the kind alone in the core group: as ApplySets write it. */
export function groupKindText({ group, kind }: GroupKind): string {
  return group === "" ? kind : `${kind}.${group}`;
}

/** Reads what `groupKindText` wrote. */
export function parseGroupKind(text: string): GroupKind {
  const dot = text.indexOf(".");
  return dot === -1 ? { group: "", kind: text } : { group: text.slice(dot + 1), kind: text.slice(0, dot) };
}
