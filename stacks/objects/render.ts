import { ApiObject, type App } from "cdk8s";
import { describeFindings, type Finding } from "../../constructs/core/finding.ts";
import { findingsOf } from "../../constructs/core/findings.ts";
import type { LateValues } from "./late-values.ts";
import { type OrderedObject, type Plan, planOrder } from "./order.ts";

/** An app as objects in the order of their creation, tokens in place of late values, and what is wrong with it. */
export interface Rendered {
  readonly plan: Plan<OrderedObject>;
  readonly findings: readonly Finding[];
}

/**
 * Renders every object of an app. Visits each once, where cdk8s' own synthesis validates the whole app again for
 * each chart. With errors among the findings there are no objects.
 */
export function renderApp(app: App, late: LateValues, extra: readonly OrderedObject[] = []): Rendered {
  const findings = [...findingsOf(app), ...foreignFindings(app)];
  if (findings.some(({ severity }) => severity === "error"))
    return { plan: { objects: [], before: [] }, findings };
  const objects = app.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
  const rendered = objects.map((object) => object.toJson() as OrderedObject);
  const exposed = objects.flatMap((object, index) => exposedSecrets(object, rendered[index], late));
  const explicit = dependencies(app, objects);
  // Objects that come first have no dependencies of their own.
  const plan = planOrder([...rendered, ...extra], [...explicit, ...extra.map(() => new Set<number>())]);
  return { plan, findings: [...findings, ...exposed] };
}

/** The findings of several clusters as one text; what holds for all of them is said once. */
export function describeAll(findings: readonly Finding[]): string {
  return describeFindings([...new Map(findings.map((each) => [JSON.stringify(each), each])).values()]);
}

/** What constructs of other libraries say about themselves. Ours have said theirs in full. */
function foreignFindings(app: App): readonly Finding[] {
  const own = new Set(findingsOf(app).map(({ constructPath }) => constructPath));
  return app.node
    .findAll()
    .filter(({ node }) => !own.has(node.path) && node !== app.node)
    .flatMap(({ node }) =>
      node.validate().map((message): Finding => ({
        code: "invalid-value",
        severity: "error",
        constructPath: node.path,
        fieldPath: "",
        message,
        fix: "See the documentation of the construct",
      })),
    );
}

function exposedSecrets(object: ApiObject, rendered: unknown, late: LateValues): readonly Finding[] {
  if (object.kind === "Secret" && object.apiVersion === "v1") return [];
  return late
    .find(rendered)
    .filter(([, value]) => value.secret)
    .map(([path]) => ({
      code: "late-secret-exposed",
      severity: "error",
      constructPath: object.node.path,
      fieldPath: path,
      message: `a secret stands in a ${object.kind}, where everyone can read it who can read the object`,
      fix: "Put it into a Secret and refer to it",
    }));
}

function dependencies(app: App, objects: readonly ApiObject[]): readonly ReadonlySet<number>[] {
  const indexes = new Map(objects.map((object, index) => [object.node.path, index]));
  const before = objects.map(() => new Set<number>());
  for (const construct of app.node.findAll()) {
    const targets = construct.node.dependencies.flatMap((target) => target.node.findAll());
    if (targets.length === 0) continue;
    for (const source of construct.node.findAll()) {
      const own = before[indexes.get(source.node.path) ?? -1];
      for (const target of targets) {
        const index = indexes.get(target.node.path);
        if (index !== undefined && target !== source) own?.add(index);
      }
    }
  }
  return before;
}
