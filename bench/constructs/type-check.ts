import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/rivals.ts";

const services = 20;

/** How long the compiler takes for a project of 20 services, in seconds, again and again. Libraries are checked too. */
export function measureTypeCheck(
  name: keyof typeof programs,
  folder: string,
  repeats: number,
): readonly number[] {
  const home = join(folder, `typed-${name}`);
  mkdirSync(home);
  writeFileSync(join(home, "main.ts"), programs[name]());
  // What `cdk8s init typescript-app` sets, but for the module system, which is the compiler's default by now.
  const compilerOptions = { noEmit: true, strict: true, target: "es2022", module: "nodenext", types: [] };
  writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  return Array.from({ length: repeats }, () => {
    const before = performance.now();
    execFileSync(process.execPath, [tsc, "-p", home], { stdio: "inherit" });
    return (performance.now() - before) / 1000;
  });
}

const programs = { keelson, "cdk8s-plus": plus, cdk8s: raw } as const;

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
