import type { IConstruct } from "constructs";
import { KeelsonError } from "../../errors.ts";
import { type Exception, type Finding, type FindingCode, findingCodes, isExcusable } from "./finding.ts";

const exceptionsMark = Symbol.for("keelson.exceptions");

/** What is wrong, and what to do about it. */
export interface Flaw {
  readonly message: string;
  readonly fix: string;
}

/**
 * Excuses a construct and everything in it from rules, each with a reason; raw objects and constructs of other
 * libraries too. Constructs of this library take the same as their `allow` property.
 *
 * @throws KeelsonError if a rule cannot be excused, or a reason is empty
 */
export function allow(scope: IConstruct, ...exceptions: readonly Exception[]): void {
  for (const { code, reason } of exceptions) {
    if (isExcusable(code) && reason.trim()) continue;
    const state = isExcusable(code) ? "the exception has no reason" : "what it names must be corrected";
    throw new KeelsonError(
      "KEELSON_INVALID_CONSTRUCT",
      `Cannot excuse "${scope.node.path}" from "${code}": ${state}`,
    );
  }
  addExceptions(scope, exceptions);
}

/** Adds exceptions that are checked elsewhere; those that are there already stay once. */
export function addExceptions(scope: IConstruct, exceptions: readonly Exception[]): void {
  const known = exceptionsAt(scope);
  const fresh = exceptions.filter((each) => isExcusable(each.code) && !known.includes(each));
  if (fresh.length === 0) return;
  Object.defineProperty(scope, exceptionsMark, { value: [...known, ...fresh], configurable: true });
}

/** A finding about a construct, with its excuse if an exception at or above the construct covers it. */
export function findAt(construct: IConstruct, code: FindingCode, fieldPath: string, flaw: Flaw): Finding {
  const { message, fix } = flaw;
  const finding = {
    code,
    severity: findingCodes[code],
    constructPath: construct.node.path,
    fieldPath,
    message,
    fix,
  };
  const excuse = excuseOf(construct, code, fieldPath);
  return excuse === undefined ? finding : { ...finding, excuse };
}

function excuseOf(construct: IConstruct, code: FindingCode, fieldPath: string): string | undefined {
  if (!isExcusable(code)) return undefined;
  return construct.node.scopes
    .flatMap(exceptionsAt)
    .find((each) => each.code === code && covers(each.fieldPath, fieldPath))?.reason;
}

function covers(whole: string | undefined, part: string): boolean {
  return whole === undefined || `${part}.`.startsWith(`${whole}.`);
}

function exceptionsAt(scope: IConstruct): readonly Exception[] {
  return (scope as { [exceptionsMark]?: readonly Exception[] })[exceptionsMark] ?? [];
}
