import { posix } from "node:path";

import { constructEntryPoints } from "../packaging/construct-entry-points.ts";
import { findCircles } from "./circles.ts";
import { readImports } from "./read-imports.ts";
import type { SourceImport } from "./read-imports.ts";

/** Which folders a folder may import from, besides itself; `errors` is the file of that name. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  clusters: ["errors"],
  toolchain: ["errors", "clusters"],
  machines: ["errors", "clusters", "toolchain"],
  remote: ["errors", "clusters", "toolchain"],
  kube: ["errors", "clusters", "toolchain", "remote"],
  bootstrap: ["errors", "clusters", "toolchain", "remote", "kube"],
  delivery: ["errors", "clusters", "toolchain", "remote", "kube"],
  constructs: ["errors"],
  stacks: [
    "errors",
    "clusters",
    "toolchain",
    "machines",
    "remote",
    "kube",
    "bootstrap",
    "delivery",
    "constructs",
  ],
};

/** Folders that nothing of the product imports, and that may import everything. */
const free: ReadonlySet<string> = new Set(["cli", "scripts", "test", "bench", "examples"]);

/** Files that another folder may import for their types alone. */
const typesOnly: Readonly<Record<string, string>> = { constructs: "clusters/profile.ts" };

/** Packages that stand in one folder, so that the rest of the product does not depend on them. */
const packageHomes: readonly (readonly [name: string, home: string])[] = [
  ["@pulumi/", "stacks"],
  ["@kubernetes/client-node", "kube"],
];

/** Packages that exactly one file imports. */
const singleFilePackages: readonly string[] = ["ssh2"];

/** The only packages of a folder that has few. */
const onlyPackages: Readonly<Record<string, readonly string[]>> = { constructs: ["cdk8s", "constructs"] };

/** All imports that break a rule of the house, as lines `path:line: Cannot import …`; `sources` maps paths to texts. */
export function checkImports(sources: ReadonlyMap<string, string>): readonly string[] {
  const imports = new Map([...sources].map(([path, text]) => [path, readImports(path, text)] as const));
  const problems = [...imports].flatMap(([path, found]) =>
    found.flatMap((one) => {
      const reason = one.specifier.startsWith(".") ? judgeFile(path, one) : judgePackage(path, one);
      return reason === undefined ? [] : [`${path}:${one.line}: Cannot import "${one.specifier}": ${reason}`];
    }),
  );
  return [...problems, ...severalImporters(imports), ...findCircles(imports)];
}

/** The house's part that a file belongs to: its first folder, or its name at the top. */
function partOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path.replace(/\.[cm]?ts$/, "");
}

function judgeFile(path: string, { specifier, typeOnly }: SourceImport): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  if (target.startsWith("..")) return "it is outside the repository";
  if (target === "package.json") return undefined;
  const [from, to] = [partOf(path), partOf(target)];
  const allowed = mayImport[from];
  if (from === to || allowed === undefined) return undefined;
  if (to === "constructs" && allowed.includes(to)) return judgeConstruct(target);
  if (allowed.includes(to)) return undefined;
  if (typesOnly[from] === target)
    return typeOnly ? undefined : "only its types may be imported, use import type";
  return `${from} may import ${allowed.length === 0 ? "nothing" : allowed.join(", ")}`;
}

/** The constructs ship as one file for each entry point. */
function judgeConstruct(target: string): string | undefined {
  const name = target.slice("constructs/".length).replace(/\.ts$/, "");
  if (constructEntryPoints.includes(name) || name.startsWith("kubernetes/types-")) return undefined;
  return `it does not ship as a file of its own; use one of ${constructEntryPoints.join(", ")}`;
}

function judgePackage(path: string, { specifier }: SourceImport): string | undefined {
  const from = partOf(path);
  if (free.has(from) || !(from in mayImport)) return undefined;
  const allowed = onlyPackages[from];
  if (allowed !== undefined && !allowed.some((name) => isOf(specifier, name))) {
    return `${from} may import the packages ${allowed.join(" and ")} only`;
  }
  const home = packageHomes.find(([name]) => isOf(specifier, name));
  return home === undefined || home[1] === from ? undefined : `it stands under ${home[1]}/ only`;
}

function isOf(specifier: string, name: string): boolean {
  return specifier === name || specifier.startsWith(name.endsWith("/") ? name : `${name}/`);
}

function severalImporters(imports: ReadonlyMap<string, readonly SourceImport[]>): readonly string[] {
  return singleFilePackages.flatMap((name) => {
    const importers = [...imports]
      .filter(
        ([path, found]) => !free.has(partOf(path)) && found.some(({ specifier }) => isOf(specifier, name)),
      )
      .map(([path]) => path);
    return importers.length <= 1 ? [] : [`${importers.join(", ")}: Cannot import "${name}": one file may`];
  });
}
