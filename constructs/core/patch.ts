import { isRecord, isSameJson, leavesOf } from "./json.ts";

/**
 * A JSON merge patch (RFC 7396) of a typed object: what is given replaces what is there, objects are merged key
 * by key, lists are replaced whole, `null` removes.
 */
export type MergePatch<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: MergePatch<NonNullable<T[K]>> | null }
    : T;

/** A patch, and where in the object it applies. */
export interface PlacedPatch {
  /** Keys and list indexes from the top of the object. */
  readonly at: readonly string[];
  readonly value: unknown;
}

/** The object with the patch applied at its place. The given object stays as it is. */
export function applyPatch(target: unknown, { at, value }: PlacedPatch): unknown {
  const [key, ...rest] = at;
  if (key === undefined) return merge(target, value);
  const inner = { at: rest, value };
  if (Array.isArray(target)) {
    return target.map((item: unknown, index) => (String(index) === key ? applyPatch(item, inner) : item));
  }
  const record = isRecord(target) ? target : {};
  return { ...record, [key]: applyPatch(record[key], inner) };
}

/** The dotted paths of a patch that the rendered object does not show as they were given. */
export function findLost(rendered: unknown, { at, value }: PlacedPatch): readonly string[] {
  return leavesOf(value)
    .filter(([path, wanted]) => !isShown([...at, ...path].reduce(valueAt, rendered), wanted))
    .map(([path]) => path.join("."));
}

function isShown(found: unknown, wanted: unknown): boolean {
  if (wanted === null) return found === undefined;
  // An empty object asks for an object to be there, and takes nothing out of it.
  if (isRecord(wanted)) return isRecord(found);
  return isSameJson(found, wanted);
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result = new Map(isRecord(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merge(result.get(key), value));
  }
  return Object.fromEntries(result);
}

function valueAt(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value[Number(key)];
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
