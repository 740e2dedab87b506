import { KeelsonError } from "../../errors.ts";
import { isRecord, isSameJson, type Json } from "./json.ts";

/** One step of a JSON patch (RFC 6902). Paths are JSON pointers: `/spec/ports/0`, `-` being the end of a list. */
export type JsonPatchOperation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move" | "copy"; readonly from: string; readonly path: string };

/** What a patch made, and the places that it has changed. */
export interface Patched {
  readonly result: unknown;
  readonly touched: readonly (readonly string[])[];
}

/**
 * The document after all operations. The given one stays as it is.
 *
 * @throws KeelsonError if an operation does not fit, `test` included
 */
export function applyOperations(document: unknown, operations: readonly JsonPatchOperation[]): Patched {
  let result = document;
  const touched: (readonly string[])[] = [];
  for (const operation of operations) {
    const path = readPointer(operation.path);
    result = step(result, operation, path);
    if (operation.op === "test") continue;
    touched.push(path.at(-1) === "-" ? path.slice(0, -1) : path);
    if (operation.op === "move") touched.push(readPointer(operation.from));
  }
  // What a later operation has moved out of its place is judged as the whole around it.
  return { result, touched: touched.map((path) => nearestList(document, path)) };
}

/** The keys of a JSON pointer. */
export function readPointer(pointer: string): readonly string[] {
  if (pointer !== "" && !pointer.startsWith("/")) fail(pointer, "a pointer begins with a slash");
  return pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at a path; undefined if there is none. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return /^\d+$/.test(key) ? inner[Number(key)] : undefined;
    return isRecord(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined;
  }, value);
}

function step(document: unknown, operation: JsonPatchOperation, path: readonly string[]): unknown {
  switch (operation.op) {
    case "add":
      return change(document, path, { value: operation.value, isNew: true });
    case "replace":
      mustExist(document, path, operation.path);
      return change(document, path, { value: operation.value, isNew: false });
    case "remove":
      mustExist(document, path, operation.path);
      return change(document, path, { value: undefined, isNew: false });
    case "test":
      return mustBe(document, path, operation);
    default: {
      const from = readPointer(operation.from);
      const value = mustExist(document, from, operation.from);
      const rest =
        operation.op === "move" ? change(document, from, { value: undefined, isNew: false }) : document;
      return change(rest, path, { value, isNew: true });
    }
  }
}

interface Change {
  /** Undefined removes. */
  readonly value: unknown;
  /** True if an item of a list is put before the one at its place, false if it takes it. */
  readonly isNew: boolean;
}

function change(document: unknown, path: readonly string[], to: Change): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return to.value;
  if (Array.isArray(document)) return changeList(document, [key, ...rest], to);
  if (!isRecord(document)) return fail(`/${path.join("/")}`, "there is nothing that could hold it");
  const inner = rest.length === 0 ? to.value : change(document[key], rest, to);
  const entries = Object.entries({ ...document, [key]: inner }).filter(
    ([name]) => name !== key || inner !== undefined,
  );
  return Object.fromEntries(entries);
}

function changeList(list: readonly unknown[], path: readonly string[], to: Change): unknown {
  const [key = "", ...rest] = path;
  const index = key === "-" ? list.length : Number(key);
  const end = rest.length === 0 && to.isNew ? list.length : list.length - 1;
  if (!/^(\d+|-)$/.test(key) || index > end)
    return fail(`/${path.join("/")}`, `the list has ${list.length} items`);
  if (rest.length > 0) return list.map((item, at) => (at === index ? change(item, rest, to) : item));
  return list.toSpliced(index, to.isNew ? 0 : 1, ...(to.value === undefined ? [] : [to.value]));
}

function mustBe(
  document: unknown,
  path: readonly string[],
  wanted: { readonly path: string; readonly value: Json },
): unknown {
  const value = valueAt(document, path);
  if (isSameJson(value, wanted.value)) return document;
  return fail(wanted.path, `its value is ${value === undefined ? "missing" : JSON.stringify(value)}`);
}

function mustExist(document: unknown, path: readonly string[], pointer: string): unknown {
  const value = valueAt(document, path);
  return value === undefined ? fail(pointer, "there is no such place") : value;
}

function nearestList(document: unknown, path: readonly string[]): readonly string[] {
  const index = path.findIndex((_, at) => Array.isArray(valueAt(document, path.slice(0, at))));
  return index === -1 ? path : path.slice(0, index);
}

function fail(pointer: string, state: string): never {
  throw new KeelsonError("KEELSON_INVALID_CONSTRUCT", `Cannot apply a JSON patch at "${pointer}": ${state}`);
}
