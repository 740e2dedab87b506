import { isList, isRecord, peel, Unknown, type Value } from "./values.ts";

/** One difference between two sets of properties, at the deepest place where they differ. */
export interface Change {
  /** In Pulumi's grammar: `hosts.w1.labels["example.com/tier"]`. */
  readonly path: string;
  /** The same path as its parts. */
  readonly parts: readonly (string | number)[];
  readonly kind: "add" | "delete" | "update";
}

/**
 * Lists what differs, in a stable order. An unknown value differs from every value; a secret equals the same value
 * in the open; a property that is null equals one that is not there.
 */
export function changesBetween(
  before: Value | undefined,
  after: Value | undefined,
  parts: readonly (string | number)[] = [],
): Change[] {
  const left = peel(before) ?? undefined;
  const right = peel(after) ?? undefined;
  if (left === undefined && right === undefined) return [];
  if (left === undefined) return [change(parts, "add")];
  if (right === undefined) return [change(parts, "delete")];
  if (left instanceof Unknown || right instanceof Unknown) return [change(parts, "update")];
  return changesInside(left, right, parts);
}

/** Writes a property path in Pulumi's grammar. */
export function propertyPath(parts: readonly (string | number)[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === "number") return `${path}[${String(part)}]`;
    if (!/^[A-Za-z_$][\w$-]*$/.test(part)) return `${path}[${JSON.stringify(part)}]`;
    return path === "" ? part : `${path}.${part}`;
  }, "");
}

function changesInside(left: Value, right: Value, parts: readonly (string | number)[]): Change[] {
  if (isRecord(left) && isRecord(right)) return changedProperties(left, right, parts);
  if (isItems(left) && isItems(right)) return changedItems(left, right, parts);
  return left === right ? [] : [change(parts, "update")];
}

function changedProperties(
  before: Readonly<Record<string, Value>>,
  after: Readonly<Record<string, Value>>,
  parts: readonly (string | number)[],
): Change[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => changesBetween(own(before, key), own(after, key), [...parts, key]));
}

function changedItems(
  before: readonly Value[],
  after: readonly Value[],
  parts: readonly (string | number)[],
): Change[] {
  const length = Math.max(before.length, after.length);
  return Array.from({ length }, (_, index) =>
    changesBetween(before[index], after[index], [...parts, index]),
  ).flat();
}

function own(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isItems(value: Value): value is readonly Value[] {
  return typeof value === "object" && value !== null && isList(value);
}

function change(parts: readonly (string | number)[], kind: Change["kind"]): Change {
  return { path: propertyPath(parts), parts, kind };
}
