/** A copy of plain data as cdk8s writes it: keys sorted, without null and undefined; undefined if it holds anything else. */
export function plainCopy(
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const copy = copyOf(value);
  return copy === strange ? undefined : (copy as Readonly<Record<string, unknown>>);
}

/** Stands for what is no plain data. */
const strange = Symbol("strange");

function copyOf(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "object") return Array.isArray(value) ? copyOfList(value) : copyOfRecord(value);
  return ["string", "number", "boolean"].includes(typeof value) ? value : strange;
}

function copyOfList(list: readonly unknown[]): unknown {
  const items = list.map(copyOf);
  return items.includes(strange) ? strange : items;
}

function copyOfRecord(value: object): unknown {
  // cdk8s takes an object with a key `constructor` for an instance of a class.
  const isOdd = Object.hasOwn(value, "constructor") || Object.hasOwn(value, "__proto__");
  if (isOdd || Object.getPrototypeOf(value) !== Object.prototype) return strange;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const inner = copyOf((value as Readonly<Record<string, unknown>>)[key]);
    if (inner === strange) return strange;
    if (inner !== undefined) copy[key] = inner;
  }
  return copy;
}
