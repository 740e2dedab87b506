/** A JSON document, or a part of one. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** True for an object literal or a parsed JSON object; false for arrays, class instances and null. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The leaves of a value, each with the keys that lead to it. Lists and empty objects are leaves. */
export function leavesOf(value: unknown): readonly (readonly [readonly string[], unknown])[] {
  if (!isRecord(value) || Object.keys(value).length === 0) return [[[], value]];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner).map(([path, leaf]) => [[key, ...path], leaf] as const),
  );
}

/**
 * The dotted path of the first part that cannot be rendered: what JSON cannot carry (undefined, a function, NaN, a class
 * instance), and keys by which cdk8s takes their object for something else.
 */
export function findUnrenderable(value: unknown, path: string): string | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : path;
  if (!Array.isArray(value) && !isRecord(value)) return path;
  for (const [key, inner] of Object.entries(value)) {
    const found = isStrangeKey(key) ? `${path}.${key}` : findUnrenderable(inner, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** True for a key by which cdk8s takes its object for an instance of a class, or changes what it inherits. */
export function isStrangeKey(key: string): boolean {
  return key === "constructor" || key === "__proto__";
}

/** True if two JSON values are the same, whatever the order of keys. */
export function isSameJson(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isSameJson(item, right[index]));
  }
  if (isRecord(left) && isRecord(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && isSameJson(left[key], right[key]))
    );
  }
  return left === right;
}
