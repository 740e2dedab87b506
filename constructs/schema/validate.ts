import { isRecord } from "../core/json.ts";
import { isLateToken } from "../late.ts";
import { checkBounds } from "./bounds.ts";
import { nearest, suggest } from "./near.ts";
import { describe, type Problem, quote } from "./problem.ts";
import { checkScalar } from "./scalars.ts";
import type { ListType, ObjectType, Type } from "./type.ts";

/** Everything that is wrong with a value: unknown and missing fields, types, words, quantities, items given twice. */
export function validate(value: unknown, type: Type, path = ""): readonly Problem[] {
  const problems: Problem[] = [];
  check(value, type, path, problems);
  return problems;
}

function check(value: unknown, type: Type, path: string, problems: Problem[]): void {
  // A value that comes later is text until then; null stands for nothing, as it does for the server.
  if (isLateToken(value) || value === null || value === undefined) return;
  switch (type.kind) {
    case "object":
      checkObject(value, type, path, problems);
      return;
    case "list":
      checkList(value, type, path, problems);
      return;
    case "map":
      checkMap(value, type.value, path, problems);
      return;
    case "enum":
      if (!type.values.includes(value)) problems.push(wrongWord(value, type.values, path));
      return;
    case "bounded":
      check(value, type.type, path, problems);
      problems.push(...checkBounds(value, type.bounds, path));
      return;
    default: {
      const problem = checkScalar(value, type.kind, path);
      if (problem !== undefined) problems.push(problem);
    }
  }
}

function checkObject(value: unknown, type: ObjectType, path: string, problems: Problem[]): void {
  if (!isRecord(value)) {
    problems.push(wrongShape(value, "an object", path));
    return;
  }
  const fields = type.fields();
  for (const [key, inner] of Object.entries(value)) {
    const field = fields.get(key);
    if (field !== undefined) check(inner, field.type, join(path, key), problems);
    else if (!type.isOpen) problems.push(unknownField(key, fields.keys(), path));
  }
  for (const [name, { required }] of fields) {
    if (!required || (value[name] !== undefined && value[name] !== null)) continue;
    const fix = `Give it, or leave ${path ? `"${path}"` : "the object"} out`;
    problems.push({ code: "missing-field", path: join(path, name), message: "the field is missing", fix });
  }
}

function checkList(value: unknown, type: ListType, path: string, problems: Problem[]): void {
  if (!Array.isArray(value)) {
    problems.push(wrongShape(value, "a list", path));
    return;
  }
  const seen = new Map<string, number>();
  for (const [index, item] of value.entries()) {
    const at = join(path, String(index));
    check(item, type.item, at, problems);
    const key = keyOf(item, type);
    const first = key === undefined ? undefined : seen.get(key);
    if (first !== undefined) problems.push(duplicate(item, type, first, at));
    else if (key !== undefined) seen.set(key, index);
  }
}

function checkMap(value: unknown, type: Type, path: string, problems: Problem[]): void {
  if (!isRecord(value)) {
    problems.push(wrongShape(value, "an object", path));
    return;
  }
  for (const [key, inner] of Object.entries(value)) check(inner, type, join(path, key), problems);
}

/** What names an item of a list; undefined if nothing does. */
function keyOf(item: unknown, { keys, isSet }: ListType): string | undefined {
  if (isSet) return JSON.stringify(item);
  if (keys.length === 0 || !isRecord(item)) return undefined;
  const values = keys.map((key) => item[key] ?? keyDefaults[key]);
  return values.includes(undefined) ? undefined : JSON.stringify(values);
}

// The server fills these in before it compares.
const keyDefaults: Readonly<Record<string, string>> = { protocol: "TCP" };

function duplicate(item: unknown, { keys }: ListType, first: number, path: string): Problem {
  const name = isRecord(item)
    ? keys.map((key) => `${key} ${quote(item[key] ?? keyDefaults[key])}`).join(", ")
    : quote(item);
  const message = `${name} is also that of item ${first}`;
  return { code: "duplicate-item", path, message, fix: "Remove one of the two, or change what names it" };
}

function unknownField(key: string, known: Iterable<string>, path: string): Problem {
  const fix = suggest(key, known);
  return { code: "unknown-field", path: join(path, key), message: "there is no such field", fix };
}

function wrongWord(value: unknown, values: readonly unknown[], path: string): Problem {
  const words = values.filter((word) => word !== "");
  const near = typeof value === "string" ? nearest(value, words.map(String)) : undefined;
  const fix = near === undefined ? `Use one of ${words.map(String).join(", ")}` : `Did you mean "${near}"?`;
  return {
    code: "invalid-value",
    path,
    message: `${quote(value)} is not one of ${words.map(String).join(", ")}`,
    fix,
  };
}

function wrongShape(value: unknown, wanted: string, path: string): Problem {
  const fix =
    wanted === "a list" && typeof value !== "object" ? `Write [${quote(value)}]` : `Write ${wanted}`;
  return { code: "wrong-type", path, message: `${describe(value)}, is not ${wanted}`, fix };
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
