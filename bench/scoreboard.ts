// The same app in this library, in cdk8s-plus and in plain @pulumi/kubernetes, judged by others' checkers:
//   npm run bench:scoreboard
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiObject, App, Chart } from "cdk8s";
import { parseAllDocuments } from "yaml";
import { findingsOf } from "../constructs/index.ts";
import { goModule, readSpec, releases } from "../scripts/kubernetes/spec.ts";
import { findCritical } from "../test/support/checkers/kube-score.ts";
import { findInvalid, writeSchemas } from "../test/support/checkers/kubeconform.ts";
import { findForbidden } from "../test/support/checkers/pod-security.ts";
import { node, plusVersion, print, root, withRivals } from "./support/rivals.ts";

interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const contestants = ["keelson", "cdk8s-plus", "pulumi"] as const;
const release = releases[1] ?? "";
const minor = release.replace(/\.\d+$/, "");

await withRivals(async (folder) => {
  cpSync(join(root, "bench/scoreboard"), folder, { recursive: true });
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(join(root, "node_modules/@pulumi"), join(folder, "node_modules/@pulumi"));
  const columns: Readonly<Record<string, string>>[] = [];
  for (const name of contestants) columns.push(await judge(name, render(name, folder)));
  const head = ["", "keelson", `cdk8s-plus-34 ${plusVersion}`, "@pulumi/kubernetes"];
  const rows = Object.keys(columns[0] ?? {}).map((row) => [
    row,
    ...columns.map((column) => column[row] ?? ""),
  ]);
  print(head, rows);
});

function render(name: (typeof contestants)[number], folder: string): readonly Rendered[] {
  if (name === "pulumi") return JSON.parse(node(["run-pulumi.mjs"], folder)) as Rendered[];
  const output = join(folder, `out-${name}`);
  execFileSync(process.execPath, ["--disable-warning=KeelsonWarning", `${name}.mjs`], {
    cwd: folder,
    env: { ...process.env, CDK8S_OUTDIR: output },
    stdio: "inherit",
  });
  const texts = readdirSync(output).map((file) => readFileSync(join(output, file), "utf8"));
  return texts.flatMap((text) => parseAllDocuments(text).map((each) => each.toJS() as Rendered));
}

async function judge(name: string, objects: readonly Rendered[]): Promise<Readonly<Record<string, string>>> {
  const forbidden = await findForbidden(objects, { level: "restricted", version: `v${minor}` });
  const critical = await findCritical(objects);
  const invalid = await conform(objects);
  const findings = findingsOf(asTree(objects));
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return {
    "lines of the program": String(linesOf(name)),
    objects: String(objects.length),
    "workloads that Pod Security restricted refuses": `${forbidden.filter(Boolean).length} of ${workloadsIn(objects)}`,
    "critical in kube-score": String(critical.length),
    "invalid in kubeconform, strict": String(invalid.length),
    "findings of keelson": `${errors} errors, ${findings.length - errors} warnings`,
  };
}

async function conform(objects: readonly Rendered[]): Promise<readonly string[]> {
  const module = goModule("k8s.io/kubernetes", release, true);
  if (module === undefined) throw new Error(`Cannot read the schemas of ${release}: its module is not here`);
  const folder = mkdtempSync(join(tmpdir(), "keelson-schemas-"));
  try {
    const kinds = new Set(objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
    await writeSchemas(readSpec(module, release), kinds, folder);
    return await findInvalid(objects, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The objects as raw ones of an app, which are checked like those of the library's own constructs. */
function asTree(objects: readonly Rendered[]): App {
  const app = new App();
  const chart = new Chart(app, "shop", { namespace: "shop" });
  objects.forEach((object, index) => new ApiObject(chart, String(index), object));
  return app;
}

function workloadsIn(objects: readonly Rendered[]): number {
  return objects.filter(({ kind }) => ["Deployment", "CronJob"].includes(kind)).length;
}

/** Without empty lines and comments. */
function linesOf(name: string): number {
  const text = readFileSync(join(root, `bench/scoreboard/${name}.mjs`), "utf8");
  return text.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}
