import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { node, root } from "../support/rivals.ts";

const services = 20;

/**
 * The `lib` and the modules that `cdk8s init typescript-app` sets, without the `@types` that it installs. Declarations of
 * libraries are checked too.
 */
const withoutBrowser = { lib: ["es2016"], module: "commonjs", moduleResolution: "bundler", target: "es2017" };

/** What the compiler takes if a project says nothing of libraries: the two megabytes of a browser's types as well. */
const withBrowser = { module: "nodenext", target: "es2022" };

/** Projects whose check is measured. */
export const projects = {
  "without a browser's types": withoutBrowser,
  "with a browser's types": withBrowser,
} as const;

/** Programs that are checked. The empty one is what the compiler itself costs. */
export const programs = { empty: () => "export {};\n", keelson, "cdk8s-plus": plus, cdk8s: raw } as const;

/**
 * How long the compiler takes for each program in a kind of project, in seconds of processor time, again and again. The
 * programs take turns, so that a computer whose speed changes is the same for all.
 */
export function measureTypeChecks(
  project: keyof typeof projects,
  folder: string,
  repeats: number,
): ReadonlyMap<string, readonly number[]> {
  const names = Object.keys(programs) as (keyof typeof programs)[];
  const homes = names.map((name) => [name, makeProject(name, project, folder)] as const);
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let turn = 0; turn < repeats; turn += 1)
    for (const [name, home] of homes) times.get(name)?.push(check(home));
  return times;
}

function makeProject(name: keyof typeof programs, project: keyof typeof projects, folder: string): string {
  const home = join(folder, `typed-${name}-${project === "with a browser's types" ? "browser" : "bare"}`);
  mkdirSync(home);
  writeFileSync(join(home, "main.ts"), programs[name]());
  const compilerOptions = { noEmit: true, strict: true, types: [], ...projects[project] };
  writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  return home;
}

function check(home: string): number {
  const report =
    'process.on("exit", () => { const { user, system } = process.cpuUsage(); console.log((user + system) / 1e6); });';
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  return Number(node(["--import", `data:text/javascript,${report}`, tsc, "-p", home]));
}

function keelson(): string {
  return program('import { WebService } from "keelson/constructs";', (name) => [
    `new WebService(chart, "${name}", {`,
    '  image: "ghcr.io/acme/web:1.4.2",',
    "  port: 8080,",
    '  health: { ready: "/readyz" },',
    '  access: { from: ["namespace"] },',
    "});",
  ]);
}

function plus(): string {
  return program('import * as kplus from "cdk8s-plus-34";', (name) => [
    `new kplus.Deployment(chart, "${name}", {`,
    "  containers: [",
    "    {",
    '      image: "ghcr.io/acme/web:1.4.2",',
    "      portNumber: 8080,",
    '      readiness: kplus.Probe.fromHttpGet("/readyz", { port: 8080 }),',
    "    },",
    "  ],",
    "}).exposeViaService({ ports: [{ port: 80, targetPort: 8080 }] });",
  ]);
}

function raw(): string {
  return program('import { ApiObject } from "cdk8s";', (name) => [
    `new ApiObject(chart, "${name}", {`,
    '  apiVersion: "apps/v1",',
    '  kind: "Deployment",',
    `  metadata: { name: "${name}" },`,
    '  spec: { template: { spec: { containers: [{ name: "app", image: "ghcr.io/acme/web:1.4.2" }] } } },',
    "});",
  ]);
}

function program(imported: string, service: (name: string) => readonly string[]): string {
  const all = Array.from({ length: services }, (_, index) => service(`web-${index}`).join("\n"));
  const head = [
    'import { App, Chart } from "cdk8s";',
    imported,
    'const chart = new Chart(new App(), "shop");',
  ];
  return [...head, ...all, ""].join("\n");
}
