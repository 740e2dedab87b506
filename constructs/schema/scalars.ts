import { describe, type Problem, quote } from "./problem.ts";
import type { Scalar } from "./type.ts";

/** What is wrong with a value that should be a scalar; undefined if nothing is. */
export function checkScalar(value: unknown, kind: Scalar, path: string): Problem | undefined {
  const { name, accepts, hint } = scalars[kind];
  if (accepts(value)) return undefined;
  const isValue = hint !== undefined && (typeof value === "string" || typeof value === "number");
  if (isValue) return { code: "invalid-value", path, message: `${quote(value)} is not ${name}`, fix: hint };
  return { code: "wrong-type", path, message: `${describe(value)}, is not ${name}`, fix: fixOf(value, kind) };
}

interface Rule {
  readonly name: string;
  readonly accepts: (value: unknown) => boolean;
  /** What to write, where a value of the right type can be wrong too. */
  readonly hint?: string;
}

const quantity = /^[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const scalars: Readonly<Record<Scalar, Rule>> = {
  text: { name: "text", accepts: (value) => typeof value === "string" },
  boolean: { name: "a boolean", accepts: (value) => typeof value === "boolean" },
  int32: { name: "a whole number of 32 bits", accepts: (value) => isWhole(value, 2 ** 31) },
  int64: { name: "a whole number", accepts: (value) => isWhole(value, Number.MAX_SAFE_INTEGER) },
  number: { name: "a number", accepts: (value) => typeof value === "number" },
  quantity: {
    name: "a quantity",
    accepts: (value) => typeof value === "number" || matches(value, quantity),
    hint: 'Write a number and its unit, "250m" for a quarter of a processor or "64Mi" for example',
  },
  intOrString: {
    name: "a whole number or a name",
    accepts: (value) => typeof value === "string" || isWhole(value, 2 ** 31),
  },
  time: {
    name: "a time",
    accepts: (value) => matches(value, time),
    hint: 'Write it as RFC 3339 has it, "2030-01-31T12:00:00Z" for example',
  },
  bytes: { name: "base64", accepts: (value) => matches(value, base64), hint: "Encode it, or use stringData" },
  free: { name: "an object", accepts: (value) => typeof value === "object" && !Array.isArray(value) },
  anything: { name: "a value", accepts: () => true },
};

function isWhole(value: unknown, bound: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && Math.abs(value) <= bound;
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === "string" && pattern.test(value);
}

function fixOf(value: unknown, kind: Scalar): string {
  if (kind === "text" && typeof value !== "object") return `Write "${JSON.stringify(value)}"`;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : NaN;
  if (Number.isFinite(number) && scalars[kind].accepts(number)) return `Write ${number}, without quotes`;
  if (kind === "boolean" && (value === "true" || value === "false")) return `Write ${value}, without quotes`;
  return `Write ${scalars[kind].name}`;
}
