import type { IConstruct } from "constructs";
import { addExceptions, type Flaw, findAt } from "./exceptions.ts";
import type { Exception, Finding, FindingCode } from "./finding.ts";
import { leavesOf } from "./json.ts";

/** A default that was filled in because nothing was given. */
export interface FilledDefault {
  readonly constructPath: string;
  /** The property, or the path in the object, `deployment.spec.replicas` for example. */
  readonly fieldPath: string;
  readonly value: unknown;
  /** Why this is the default. */
  readonly why: string;
}

/** What one construct gathers while it is built: findings, and the defaults that it filled in. */
export class Draft {
  readonly #construct: IConstruct;
  readonly #findings: Finding[] = [];
  readonly #defaults: FilledDefault[] = [];
  readonly #overridden: string[] = [];

  constructor(construct: IConstruct, exceptions: readonly Exception[] = []) {
    this.#construct = construct;
    addExceptions(construct, exceptions);
  }

  /** Records a finding, with its excuse if an exception covers it. */
  find(code: FindingCode, fieldPath: string, flaw: Flaw): void {
    this.#findings.push(findAt(this.#construct, code, fieldPath, flaw));
  }

  /** The given value, or the default if there is none; the default is recorded with its reason, leaf by leaf. */
  fill<T>(fieldPath: string, given: T | undefined, standard: T, why: string): T {
    if (given !== undefined) return given;
    for (const [path, value] of leavesOf(standard)) {
      this.#defaults.push({
        constructPath: this.#construct.node.path,
        fieldPath: [fieldPath, ...path].join("."),
        value,
        why,
      });
    }
    return standard;
  }

  /** Leaves out the defaults at, above and below a path: a patch says something else there. */
  override(fieldPath: string): void {
    this.#overridden.push(fieldPath);
  }

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  get defaults(): readonly FilledDefault[] {
    return this.#defaults.filter(
      ({ fieldPath }) => !this.#overridden.some((path) => areNested(path, fieldPath)),
    );
  }

  /** True if the construct cannot be rendered. */
  get hasErrors(): boolean {
    return this.#findings.some(({ severity, excuse }) => severity === "error" && excuse === undefined);
  }
}

function areNested(one: string, other: string): boolean {
  return `${one}.`.startsWith(`${other}.`) || `${other}.`.startsWith(`${one}.`);
}
