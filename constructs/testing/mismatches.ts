import { isRecord, isSameJson } from "../core/json.ts";

/** A part of an object: fields that are not named may be anything. In lists every item is compared. */
export type Expected = Readonly<Record<string, unknown>>;

/** Where a value is not as expected, a line each; none if it is. `null` expects that there is no such field. */
export function mismatches(actual: unknown, expected: unknown, path = ""): readonly string[] {
  if (isRecord(expected) && isRecord(actual)) {
    return Object.entries(expected).flatMap(([key, inner]) =>
      mismatches(actual[key], inner, join(path, key)),
    );
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((item, index) => mismatches(actual[index], item, join(path, String(index))));
  }
  if (expected === null ? actual === undefined : isSameJson(actual, expected)) return [];
  return [`${path || "the value"}: expected ${show(expected)}, is ${show(actual)}`];
}

function join(path: string, key: string): string {
  return path ? `${path}.${key}` : key;
}

function show(value: unknown): string {
  return value === undefined || value === null ? "nothing" : JSON.stringify(value);
}
