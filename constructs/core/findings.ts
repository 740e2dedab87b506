import type { App } from "cdk8s";
import type { IConstruct } from "constructs";
import type { Draft, FilledDefault } from "./draft.ts";
import { describeFinding, describeFindings, type Finding } from "./finding.ts";
import { findInTree } from "./tree-rules.ts";
import { writeCharts } from "./write-charts.ts";

const reporter = Symbol.for("keelson.reporter");

/** What a construct of this library tells about itself. */
interface Reporter {
  readonly defaults: () => readonly FilledDefault[];
  readonly findings: () => readonly Finding[];
}

/**
 * Makes the construct's findings part of cdk8s' validation: all errors of an app are shown at once, and
 * warnings go to Node's warnings. `late` adds findings that are known only once the tree is complete.
 */
export function reportDraft(
  construct: IConstruct,
  draft: Draft,
  late: () => readonly Finding[] = () => [],
): void {
  const own: Reporter = {
    defaults: () => draft.defaults,
    findings: () => [...draft.findings, ...late()],
  };
  Object.defineProperty(construct, reporter, { value: own });
  construct.node.addValidation({ validate: () => checkOnce(construct, own.findings) });
  watch(construct);
}

/** Checks the whole app of the construct whenever it is synthesised, also if it holds raw objects only. */
export function watch(construct: IConstruct): void {
  watchTree(construct.node.root);
}

/**
 * All findings of a tree, the ones between its constructs included; those that an exception covers only with
 * `excused`. Changes nothing and throws nothing.
 */
export function findingsOf(
  scope: IConstruct,
  { excused = false }: { readonly excused?: boolean } = {},
): readonly Finding[] {
  const own = reportersOf(scope).flatMap((each) => each.findings());
  return [...own, ...findInTree(scope)].filter(({ excuse }) => excused || excuse === undefined);
}

/** The defaults that the constructs of a tree have filled in, each with its reason. */
export function explain(scope: IConstruct): readonly FilledDefault[] {
  return reportersOf(scope).flatMap((each) => each.defaults());
}

function reportersOf(scope: IConstruct): readonly Reporter[] {
  return scope.node
    .findAll()
    .map((construct) => (construct as { [reporter]?: Reporter })[reporter])
    .filter((found) => found !== undefined);
}

function watchTree(root: IConstruct): void {
  if (reporter in root) return;
  Object.defineProperty(root, reporter, { value: { defaults: () => [], findings: () => [] } });
  root.node.addValidation({ validate: () => checkOnce(root, () => findInTree(root)) });
  for (const name of ["synth", "synthYaml"] as const) rememberDuring(root, name);
}

/** What has been checked in the synthesis that runs; undefined while none does. */
let checked: Map<IConstruct, string[]> | undefined;

// cdk8s checks the whole app again for every chart that it writes. Nothing changes in between, so once is enough.
function rememberDuring(root: IConstruct, name: "synth" | "synthYaml"): void {
  const original: unknown = (root as IConstruct & Partial<App>)[name];
  // A root that is no app cannot be synthesised.
  if (typeof original !== "function") return;
  const value = (): unknown => {
    checked = new Map();
    try {
      return writeCharts(root, () => Reflect.apply(original, root, []) as unknown);
    } finally {
      checked = undefined;
    }
  };
  Object.defineProperty(root, name, { value });
}

function checkOnce(construct: IConstruct, findings: () => readonly Finding[]): string[] {
  const known = checked?.get(construct);
  if (known !== undefined) return known;
  const errors = check(findings(), construct);
  checked?.set(construct, errors);
  return errors;
}

const shown = new Set<string>();

function check(all: readonly Finding[], owner: IConstruct): string[] {
  const findings = all.filter(({ excuse }) => excuse === undefined);
  const warnings = findings.filter(({ severity }) => severity === "warning");
  const fresh = warnings.filter((finding) => !shown.has(describeFindings([finding])));
  for (const finding of fresh) {
    const text = describeFindings([finding]);
    shown.add(text);
    process.emitWarning(text, { type: "KeelsonWarning" });
  }
  const errors = findings.filter(({ severity }) => severity === "error");
  // cdk8s says whose validation it is, which is the root's for what lies between constructs.
  return errors.map((finding) => {
    const place = finding.constructPath === owner.node.path ? "" : `${finding.constructPath} `;
    return `${place}${describeFinding(finding)}`;
  });
}
