import { App } from "cdk8s";
import type { Construct } from "constructs";
import { KeelsonError } from "../errors.ts";

/** Marks a late value. The same symbol in every copy of this package. */
export const lateMark: unique symbol = Symbol.for("keelson.late");

/**
 * A value that is known only while a stack is deployed, the password of a new database for example.
 * Only values may be late: never names, keys, selectors or ports that others refer to.
 * `keelson/stacks` makes one of a Pulumi Output.
 */
export interface Late<T> {
  readonly [lateMark]: LateSource;
  /** True if the value may stand in Secret objects only. */
  readonly secret: boolean;
  /** Never set: ties a late value to its type. */
  readonly type?: T;
}

/** Where a late value comes from: an engine's own promise, or a digest of other values. */
export type LateSource =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "digest"; readonly of: Readonly<Record<string, string | Late<string>>> };

/** Makes a late value of what an engine resolves. For engines; programs use the function of their engine. */
export function lateValue<T>(value: unknown, options: { readonly secret: boolean }): Late<T> {
  return new LateValue<T>({ kind: "value", value }, options.secret);
}

/** A digest of values, computed after they resolve. It reveals nothing of them, so it may stand anywhere. */
export function lateDigest(of: Readonly<Record<string, string | Late<string>>>): Late<string> {
  return new LateValue<string>({ kind: "digest", of }, false);
}

/** True for a late value of any copy of this package. */
export function isLate(value: unknown): value is Late<unknown> {
  return typeof value === "object" && value !== null && lateMark in value;
}

/** Marks a cdk8s resolver that replaces late values. */
export const lateResolverMark: unique symbol = Symbol.for("keelson.late-resolver");

/** What a text begins with that stands for a late value in a rendered object: private-use characters, so none does by chance. */
export const lateTokenStart = "\u{E000}late:";

/** True for a text that stands for a late value. */
export function isLateToken(value: unknown): boolean {
  return typeof value === "string" && value.startsWith(lateTokenStart);
}

/** True if the app that holds the construct can render late values. */
export function canResolveLate(construct: Construct): boolean {
  return App.of(construct).resolvers.some((resolver) => lateResolverMark in resolver);
}

/** Stands for its string in a manifest until the engine replaces it. */
export function asString(value: string | Late<string>): string {
  return value as string;
}

class LateValue<T> implements Late<T> {
  readonly [lateMark]: LateSource;
  readonly secret: boolean;

  constructor(source: LateSource, secret: boolean) {
    this[lateMark] = source;
    this.secret = secret;
  }

  /** Text that is joined now would hold no value. */
  toString(): never {
    throw new KeelsonError(
      "KEELSON_INVALID_CONSTRUCT",
      "Cannot join a late value to text: it is not known yet",
      {
        fix: "Join the text where the value comes from, and pass the result as one late value",
      },
    );
  }

  /** cdk8s calls this if no engine has replaced the value. */
  resolve(): never {
    throw new KeelsonError(
      "KEELSON_INVALID_CONSTRUCT",
      "Cannot render a late value: only a Workload of keelson/stacks can resolve it",
      { fix: "Give the value itself, or deploy the construct with a Workload" },
    );
  }
}
