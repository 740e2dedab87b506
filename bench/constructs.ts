// Measures keelson/constructs beside cdk8s-plus and raw cdk8s, each in a process of its own:
//   npm run bench:constructs
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Measured } from "./constructs/contestant.ts";

const root = join(import.meta.dirname, "..");
const rivals = ["cdk8s-plus-34@2.0.54", "cdk8s@2.70.106", "constructs@10.8.1"];
const shapes = [
  { charts: 1, services: 250 },
  { charts: 1, services: 500 },
  { charts: 1, services: 1000 },
  { charts: 10, services: 1000 },
  { charts: 100, services: 1000 },
];
const imports = ["constructs", "cdk8s", "keelson/constructs"];
const repeats = 5;

node([join(root, "scripts/build.ts")]);
const folder = mkdtempSync(join(tmpdir(), "keelson-bench-"));
try {
  execFileSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, ...rivals], {
    stdio: "ignore",
  });
  print(["import", "ms, median", "ms, least"], imports.map(measureImport));
  const contestants = ["keelson", "cdk8s-plus", "cdk8s"];
  const rows = contestants.flatMap((name) => shapes.map((shape) => measure(name, shape)));
  print(["library", "charts", "services", "objects", "s", "MB"], rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function measureImport(name: string): readonly string[] {
  const code = `const before = performance.now(); await import(${JSON.stringify(name)}); console.log(performance.now() - before)`;
  const times = Array.from({ length: repeats }, () => Number(node(["--input-type=module", "-e", code])));
  const [least = 0] = times.toSorted((a, b) => a - b);
  return [name, (times.toSorted((a, b) => a - b)[Math.floor(repeats / 2)] ?? 0).toFixed(0), least.toFixed(0)];
}

function measure(name: string, { charts, services }: (typeof shapes)[number]): readonly string[] {
  const program = join(import.meta.dirname, "constructs/contestant.ts");
  const text = node([
    "--disable-warning=KeelsonWarning",
    program,
    name,
    String(charts),
    String(services),
    folder,
  ]);
  const { seconds, megabytes, objects } = JSON.parse(text) as Measured;
  return [name, String(charts), String(services), String(objects), seconds.toFixed(2), megabytes.toFixed(0)];
}

function node(args: readonly string[]): string {
  return execFileSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function print(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  process.stdout.write(`${lines.join("\n")}\n\n`);
}
