import { ApiObject, type App } from "cdk8s";
import {
  describeFinding,
  describeFindings,
  type Finding,
  type FindingCode,
  findingsOf,
} from "../../constructs/index.ts";
import type { LateValues } from "./late-values.ts";
import { type OrderedObject, type Plan, planOrder } from "./order.ts";

/** An app as objects in the order of their creation, tokens in place of late values, and what is wrong with it. */
export interface Rendered {
  readonly plan: Plan<OrderedObject>;
  readonly findings: readonly Finding[];
}

const noObjects: Plan<OrderedObject> = { objects: [], before: [], asked: [] };

/**
 * Renders every object of an app. Visits each once, where cdk8s' own synthesis validates the whole app again for
 * each chart. With errors among the findings there are no objects.
 */
export function renderApp(app: App, late: LateValues, extra: readonly OrderedObject[] = []): Rendered {
  const findings = [...findingsOf(app), ...foreignFindings(app)];
  if (findings.some(({ severity }) => severity === "error")) return { plan: noObjects, findings };
  const objects = app.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
  const rendered = objects.map((object) => renderObject(object, late));
  const all = [...findings, ...rendered.flatMap((each) => each.findings)];
  const complete = rendered.map(({ json }) => json).filter((json) => json !== undefined);
  if (complete.length < rendered.length) return { plan: noObjects, findings: all };
  const explicit = [...dependencies(app, objects), ...extra.map(() => new Set<number>())];
  return { plan: planOrder([...complete, ...extra], explicit), findings: all };
}

/** The findings of several clusters as one text; what holds for all of them is said once. */
export function describeAll(findings: readonly Finding[]): string {
  return describeFindings(distinct(findings));
}

/** The same for warnings alone, without that word: the engine puts it in front itself. */
export function describeWarnings(findings: readonly Finding[]): string {
  return distinct(findings)
    .map((finding) => `${finding.constructPath} ${describeFinding(finding)}`)
    .join("\n");
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((each) => [JSON.stringify(each), each])).values()];
}

/** What constructs of other libraries say about themselves. Ours have said theirs in full. */
function foreignFindings(app: App): readonly Finding[] {
  const own = new Set(findingsOf(app).map(({ constructPath }) => constructPath));
  return app.node
    .findAll()
    .filter(({ node }) => !own.has(node.path) && node !== app.node)
    .flatMap(({ node }) =>
      node.validate().map((message): Finding => ({
        code: "unrenderable",
        severity: "error",
        constructPath: node.path,
        fieldPath: "",
        message,
        fix: "See the documentation of the construct",
      })),
    );
}

function renderObject(
  object: ApiObject,
  late: LateValues,
): { readonly json?: OrderedObject; readonly findings: readonly Finding[] } {
  const find = (code: FindingCode, fieldPath: string, message: string, fix: string): Finding => {
    return { code, severity: "error", constructPath: object.node.path, fieldPath, message, fix };
  };
  try {
    const json = object.toJson() as OrderedObject;
    const isSecret = object.kind === "Secret" && object.apiVersion === "v1";
    const findings = late.find(json).flatMap(([path, value]) => {
      if (late.isUnwrapped(value)) {
        const fix = "Wrap it: late(output), or lateSecret(output) in a Secret";
        return [find("late-unwrapped", path, "an Output stands here as it is", fix)];
      }
      if (!value.secret || isSecret) return [];
      const message = `a secret stands in a ${object.kind}, where everyone can read it who can read the object`;
      return [find("late-secret-exposed", path, message, "Put it into a Secret and refer to it")];
    });
    return { json, findings };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      findings: [find("unrenderable", "", message, "Use plain objects, lists, text, numbers and booleans")],
    };
  }
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
