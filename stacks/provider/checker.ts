import { propertyPath } from "./changes.ts";
import type { Problem } from "../../errors.ts";
import { hasUnknown, isList, isRecord, peel, reveal, Unknown, type Value } from "./values.ts";

/** A property that Check refuses. */
export interface CheckProblem {
  readonly path: string;
  readonly reason: string;
}

/**
 * Walks a resource's inputs and collects every problem with its path. Values that are not known yet pass: they are
 * checked again when they are.
 */
export class Checker {
  readonly problems: CheckProblem[];
  readonly #value: Exclude<ReturnType<typeof peel>, null> | undefined;
  readonly #parts: readonly (string | number)[];

  constructor(
    value: Value | undefined,
    parts: readonly (string | number)[] = [],
    problems: CheckProblem[] = [],
  ) {
    this.#value = peel(value) ?? undefined;
    this.#parts = parts;
    this.problems = problems;
  }

  /** True if the value is there and known. */
  get isKnown(): boolean {
    return this.#value !== undefined && !(this.#value instanceof Unknown);
  }

  /** The value if it is text. */
  get asText(): string | undefined {
    return typeof this.#value === "string" ? this.#value : undefined;
  }

  /** Wants what a rule of `clusters/` wants, which names its places from here on with the property's name. */
  rule(key: string, problemsOf: (value: never) => readonly Problem[]): void {
    const property = this.at(key);
    const value = property.#value;
    // What is not known yet is checked again when it is.
    if (value === undefined || hasUnknown(value)) return;
    const above = propertyPath(this.#parts);
    for (const { where, message } of problemsOf(reveal(value) as never)) {
      this.problems.push({ path: above === "" ? where : `${above}.${where}`, reason: message });
    }
  }

  /** Adds a problem here. */
  refuse(reason: string): void {
    this.problems.push({ path: propertyPath(this.#parts), reason });
  }

  /** The property of that name. */
  at(key: string): Checker {
    const value = isRecord(this.#value) && Object.hasOwn(this.#value, key) ? this.#value[key] : undefined;
    return new Checker(value, [...this.#parts, key], this.problems);
  }

  /** Wants text that is not empty; a pattern has words that say what fits. */
  text(key: string, options: { optional?: boolean; matches?: readonly [RegExp, string] } = {}): void {
    const property = this.at(key);
    if (!property.#isThere(options.optional)) return;
    const { asText } = property;
    if (asText === undefined || asText === "") property.refuse("wants text that is not empty");
    else if (options.matches?.[0].test(asText) === false) {
      property.refuse(`has "${asText}", but wants ${options.matches[1]}`);
    }
  }

  /** Wants one of the given texts. */
  oneOf(key: string, choices: readonly string[], optional = false): void {
    const property = this.at(key);
    if (!property.#isThere(optional)) return;
    if (property.asText === undefined || !choices.includes(property.asText)) {
      property.refuse(`wants one of ${choices.map((choice) => `"${choice}"`).join(", ")}`);
    }
  }

  /** Wants a whole number in a range. */
  wholeNumber(key: string, range: { min: number; max: number }, optional = false): void {
    const property = this.at(key);
    if (!property.#isThere(optional)) return;
    const value = property.#value;
    const fits = Number.isInteger(value) && (value as number) >= range.min && (value as number) <= range.max;
    if (!fits) property.refuse(`wants a whole number from ${range.min} to ${range.max}`);
  }

  /** Wants true or false. */
  trueOrFalse(key: string, optional = false): void {
    const property = this.at(key);
    if (!property.#isThere(optional)) return;
    if (typeof property.#value !== "boolean") property.refuse("wants true or false");
  }

  /** Wants a record and checks each of its entries. */
  record(key: string, check: (entry: Checker, name: string) => void, optional = false): void {
    const property = this.at(key);
    if (!property.#isThere(optional)) return;
    if (!isRecord(property.#value)) {
      property.refuse("wants named properties");
      return;
    }
    for (const name of Object.keys(property.#value)) check(property.at(name), name);
  }

  /** Wants a list and checks each of its items. */
  list(key: string, check: (item: Checker) => void, optional = false): void {
    const property = this.at(key);
    if (!property.#isThere(optional)) return;
    const value = property.#value;
    if (typeof value !== "object" || !isList(value)) {
      property.refuse("wants a list");
      return;
    }
    value.forEach((item: Value, index) => {
      check(new Checker(item, [...property.#parts, index], this.problems));
    });
  }

  #isThere(optional = false): boolean {
    if (this.#value === undefined && !optional) this.refuse("is missing");
    return this.isKnown;
  }
}

/** What Kubernetes and host names are made of. */
export const label = [/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a label: a-z, 0-9 and -, at most 63"] as const;
