/** Any object of JSON. */
export type Field = Readonly<Record<string, unknown>>;

/** Whether a value is an object of JSON, and no list. */
export function isField(value: unknown): value is Field {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of names with dots between, `spec.replicas`; undefined if there is none. */
export function valueAt(object: unknown, path: string): unknown {
  let value = object;
  for (const name of path.split(".")) value = isField(value) ? value[name] : undefined;
  return value;
}

/** The text at a path; empty if there is none. */
export function text(object: unknown, path: string): string {
  const value = valueAt(object, path);
  return typeof value === "string" ? value : "";
}

/** The integer at a path; undefined if there is none. */
export function integer(object: unknown, path: string): number | undefined {
  const value = valueAt(object, path);
  return Number.isInteger(value) ? (value as number) : undefined;
}

/** The object without the value at a path, and without the objects that this leaves empty. */
export function without(object: Field, path: string): Field {
  const [name = "", ...rest] = path.split(".");
  const value = object[name];
  const inner = rest.length > 0 && isField(value) ? without(value, rest.join(".")) : undefined;
  if (rest.length > 0 && inner === undefined) return object;
  const others = omit(object, name);
  return inner === undefined || Object.keys(inner).length === 0 ? others : { ...others, [name]: inner };
}

/** The object without one of its own fields. */
export function omit(object: Field, name: string): Field {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

/** The object with a value at a path. */
export function withValue(object: Field, path: string, value: unknown): Field {
  const [name = "", ...rest] = path.split(".");
  if (rest.length === 0) return { ...object, [name]: value };
  const inner = object[name];
  return { ...object, [name]: withValue(isField(inner) ? inner : {}, rest.join("."), value) };
}

/** The conditions of an object, none if it has none; undefined if they are no list of objects. */
export function conditionsOf(object: unknown): readonly Field[] | undefined {
  const conditions = valueAt(object, "status.conditions") ?? [];
  return Array.isArray(conditions) && conditions.every(isField) ? conditions : undefined;
}
