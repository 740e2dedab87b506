import { ApiObject, App, Chart } from "cdk8s";
import type { IConstruct } from "constructs";
import type { Profile } from "../../clusters/profile.ts";
import { KeelsonError } from "../../errors.ts";
import { describeFindings, type Finding, type FindingCode, findingsOf, useProfile } from "../index.ts";
import { type Expected, mismatches } from "./mismatches.ts";

/** A Kubernetes object as it is written down. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** What the chart is like in which a test builds. */
export interface RenderOptions {
  /** @default "test" */
  readonly namespace?: string;
  /** @default - Kubernetes 1.35 */
  readonly profile?: Profile;
}

/** Renders what a function builds in a chart of its own, or the app that holds a construct. Throws nothing. */
export function render(
  what: IConstruct | ((chart: Chart) => unknown),
  options: RenderOptions = {},
): Rendering {
  if (typeof what !== "function") return new Rendering(what.node.root);
  const app = new App();
  if (options.profile) useProfile(app, options.profile);
  what(new Chart(app, "test", { namespace: options.namespace ?? "test", disableResourceNameHashes: true }));
  return new Rendering(app);
}

/** The objects and findings of an app, and what a test may ask of them. Works with every test runner. */
export class Rendering {
  /** In the order of the program. */
  readonly objects: readonly RenderedObject[];
  /** Without those that an exception covers. */
  readonly findings: readonly Finding[];

  constructor(app: IConstruct) {
    this.findings = findingsOf(app);
    this.objects = app.node
      .findAll()
      .filter((construct) => ApiObject.isApiObject(construct))
      .map((object) => object.toJson() as RenderedObject);
  }

  /**
   * The one object of a kind, and of a name if it is given.
   *
   * @throws KeelsonError if there is none, or more than one
   */
  get(kind: string, name?: string): RenderedObject {
    const found = this.objects.filter(
      (each) => each.kind === kind && (name ?? each.metadata.name) === each.metadata.name,
    );
    const [object, ...more] = found;
    if (object !== undefined && more.length === 0) return object;
    const all = this.objects.map((each) => `${each.kind} "${each.metadata.name}"`).join(", ");
    const wanted = name === undefined ? kind : `${kind} "${name}"`;
    return fail(`Cannot pick one ${wanted}: the app has ${found.length} of ${all || "no objects"}`);
  }

  /**
   * Asserts that an object of a kind looks as expected in the fields that are named; `metadata.name` picks it.
   *
   * @throws KeelsonError with each difference on a line
   */
  expect(kind: string, expected: Expected): void {
    const { name } = (expected["metadata"] ?? {}) as { readonly name?: string };
    const differences = mismatches(this.get(kind, name), expected);
    if (differences.length > 0)
      fail(`Cannot accept ${kind}: it is not as expected\n  ${differences.join("\n  ")}`);
  }

  /**
   * Asserts that there are no findings but those of the codes.
   *
   * @throws KeelsonError with the findings that were not expected, and the codes that were not found
   */
  expectFindings(...codes: readonly FindingCode[]): void {
    const others = this.findings.filter(({ code }) => !codes.includes(code));
    const missing = codes.filter((code) => !this.findings.some((finding) => finding.code === code));
    if (others.length > 0) fail(`Cannot accept the app: it has findings\n${describeFindings(others)}`);
    if (missing.length > 0) fail(`Cannot accept the app: it has no finding ${missing.join(", ")}`);
  }
}

function fail(message: string): never {
  throw new KeelsonError("KEELSON_INVALID_CONSTRUCT", message);
}
