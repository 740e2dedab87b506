import { type Problem, quote } from "./problem.ts";
import type { Bounds } from "./type.ts";

/** What of a value is out of bounds. */
export function checkBounds(value: unknown, bounds: Bounds, path: string): readonly Problem[] {
  const [least, most, unit] = rangeOf(value, bounds);
  const [size, verb] = typeof value === "number" ? [value, "is"] : [lengthOf(value), "has"];
  const problems: Problem[] = [];
  const find = (message: string, fix: string): void => {
    problems.push({ code: "invalid-value", path, message: `${quote(value)} ${message}`, fix });
  };
  if (size !== undefined && least !== undefined && size < least)
    find(`${verb} less than ${least}${unit}`, `Give ${least} or more`);
  if (size !== undefined && most !== undefined && size > most)
    find(`${verb} more than ${most}${unit}`, `Give ${most} or less`);
  if (typeof value === "string" && bounds.pattern !== undefined && !matches(value, bounds.pattern)) {
    find(`does not match ${bounds.pattern}`, "Write it as the pattern has it");
  }
  return problems;
}

/** The bounds that an OpenAPI schema states; undefined if it states none. */
export function readBounds(schema: Readonly<Record<string, unknown>>): Bounds | undefined {
  const known = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"];
  const stated = known.filter((key) => typeof schema[key] === "number").map((key) => [key, schema[key]]);
  const pattern = schema["pattern"];
  const bounds = { ...Object.fromEntries(stated), ...(typeof pattern === "string" && { pattern }) } as Bounds;
  return Object.keys(bounds).length === 0 ? undefined : bounds;
}

function rangeOf(value: unknown, bounds: Bounds): readonly [number | undefined, number | undefined, string] {
  if (typeof value === "string") return [bounds.minLength, bounds.maxLength, " letters"];
  if (Array.isArray(value)) return [bounds.minItems, bounds.maxItems, " items"];
  return [bounds.minimum, bounds.maximum, ""];
}

function lengthOf(value: unknown): number | undefined {
  return typeof value === "string" || Array.isArray(value) ? value.length : undefined;
}

function matches(text: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    // Patterns are Go's: one that JavaScript cannot read is left to the server.
    return true;
  }
}
