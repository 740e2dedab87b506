import { ProblemsError } from "../../errors.ts";
import type { Problem } from "../../errors.ts";
import { isRecord } from "./is-record.ts";
import { didYouMean } from "./nearest.ts";

/** How data from outside must look: a check, and the JSON Schema that says the same. */
export interface Shape<T> {
  readonly schema: Readonly<Record<string, unknown>>;
  /** Everything that is wrong with a value, each with its path. */
  readonly problems: (value: unknown, where: string) => readonly Problem[];
  /** Carries the type; never set. */
  readonly as?: T;
}

type Shapes = Readonly<Record<string, Shape<unknown>>>;
type Values<S extends Shapes> = { readonly [Key in keyof S]: S[Key] extends Shape<infer T> ? T : never };

/**
 * A value from outside as what its shape says.
 *
 * @throws ProblemsError with everything that is wrong with it
 */
export function parse<T>(shape: Shape<T>, value: unknown, what: string): T {
  const problems = shape.problems(value, "");
  if (problems.length > 0) throw new ProblemsError(what, problems);
  return value as T;
}

/** An object with these properties and no others. */
export function object<R extends Shapes, O extends Shapes>(
  required: R,
  optional: O,
): Shape<Values<R> & Partial<Values<O>>> {
  const shapes = new Map(Object.entries({ ...required, ...optional }));
  return {
    schema: {
      type: "object",
      properties: Object.fromEntries([...shapes].map(([key, { schema }]) => [key, schema])),
      required: Object.keys(required),
      additionalProperties: false,
    },
    problems: (value, where) => {
      if (!isRecord(value)) return [invalid(where, `${show(value)} is not an object`)];
      const unknown = Object.keys(value).filter((key) => !shapes.has(key));
      const missing = Object.keys(required).filter((key) => value[key] === undefined);
      return [
        ...unknown.map((key) =>
          invalid(join(where, key), `there is no such property${didYouMean(key, shapes.keys())}`),
        ),
        ...missing.map((key) => invalid(join(where, key), "it is missing")),
        ...[...shapes].flatMap(([key, shape]) =>
          value[key] === undefined ? [] : shape.problems(value[key], join(where, key)),
        ),
      ];
    },
  };
}

/** An object whose keys are names of one kind, all values of one shape. */
export function record<T>(key: Shape<string>, of: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return {
    schema: { type: "object", propertyNames: key.schema, additionalProperties: of.schema },
    problems: (value, where) =>
      isRecord(value)
        ? Object.entries(value).flatMap(([name, each]) => [
            ...key.problems(name, join(where, name)),
            ...of.problems(each, join(where, name)),
          ])
        : [invalid(where, `${show(value)} is not an object`)],
  };
}

/** A list, all items of one shape. */
export function list<T>(of: Shape<T>): Shape<readonly T[]> {
  return {
    schema: { type: "array", items: of.schema },
    problems: (value, where) =>
      Array.isArray(value)
        ? value.flatMap((item, index) => of.problems(item, `${where}[${index}]`))
        : [invalid(where, `${show(value)} is not a list`)],
  };
}

/** A text, of a form that has a name. */
export function text(form: RegExp, name: string): Shape<string> {
  return {
    schema: { type: "string", pattern: form.source },
    problems: (value, where) =>
      typeof value === "string" && form.test(value) ? [] : [invalid(where, `${show(value)} is not ${name}`)],
  };
}

/** True or false. */
export const flag: Shape<boolean> = {
  schema: { type: "boolean" },
  problems: (value, where) =>
    typeof value === "boolean" ? [] : [invalid(where, `${show(value)} is neither true nor false`)],
};

/** A finite number that is not less than the smallest one allowed. */
export function number({ min, whole = false }: { min: number; whole?: boolean }): Shape<number> {
  const wanted = `a ${whole ? "whole " : ""}number from ${min} on`;
  return {
    schema: { type: whole ? "integer" : "number", minimum: min },
    problems: (value, where) => {
      const fits = typeof value === "number" && Number.isFinite(value) && value >= min;
      return fits && (!whole || Number.isInteger(value))
        ? []
        : [invalid(where, `${show(value)} is not ${wanted}`)];
    },
  };
}

/** One of a few words or numbers. */
export function oneOf<const T extends string | number>(...values: readonly T[]): Shape<T> {
  return {
    schema: { enum: values },
    problems: (value, where) => {
      if (values.some((each) => each === value)) return [];
      const hint = typeof value === "string" ? didYouMean(value, values.map(String)) : "";
      return [invalid(where, `${show(value)} is none of ${values.join(", ")}${hint}`)];
    },
  };
}

/** A problem with a value that somebody wrote. */
export function invalid(where: string, message: string): Problem {
  return { code: "KEELSON_INVALID_INPUT", where: where === "" ? "all of it" : where, message };
}

function join(where: string, key: string): string {
  return where === "" ? key : `${where}.${key}`;
}

// Values may be long, or secrets by mistake: a message shows no more than what helps.
function show(value: unknown): string {
  if (typeof value === "string") return `"${value.length > 40 ? `${value.slice(0, 37)}...` : value}"`;
  if (typeof value === "number") return String(value);
  return Array.isArray(value) ? "a list" : value === null ? "null" : `a value of type ${typeof value}`;
}
