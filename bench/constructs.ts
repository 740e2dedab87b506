// Measures keelson/constructs beside cdk8s-plus and raw cdk8s, each in a process of its own:
//   npm run bench:constructs
import { join } from "node:path";
import type { Measured } from "./constructs/contestant.ts";
import { measureTypeChecks, projects } from "./constructs/type-check.ts";
import { node, print, root, withRivals } from "./support/rivals.ts";

const shapes = [
  { charts: 1, services: 250 },
  { charts: 1, services: 500 },
  { charts: 1, services: 1000 },
  { charts: 10, services: 1000 },
  { charts: 100, services: 1000 },
];
const imports = ["constructs", "cdk8s", "keelson/constructs"];
const contestants = ["keelson", "cdk8s-plus", "cdk8s"] as const;
const repeats = 5;

await withRivals((folder) => {
  print(["import", "ms, median", "ms, least"], imports.map(measureImport));
  for (const project of Object.keys(projects) as (keyof typeof projects)[]) {
    print(
      [`type-check of 20 services, ${project}`, "s of processor time, median", "least"],
      [...measureTypeChecks(project, folder, repeats)].map(([name, times]) => [
        name,
        ...summary(times).map((seconds) => seconds.toFixed(2)),
      ]),
    );
  }
  const rows = contestants.flatMap((name) => shapes.map((shape) => measure(name, shape, folder)));
  print(["library", "charts", "services", "objects", "s", "MB"], rows);
});

function measureImport(name: string): readonly string[] {
  const code = `const before = performance.now(); await import(${JSON.stringify(name)}); console.log(performance.now() - before)`;
  const times = Array.from({ length: repeats }, () => Number(node(["--input-type=module", "-e", code])));
  return [name, ...summary(times).map((time) => time.toFixed(0))];
}

function measure(
  name: string,
  { charts, services }: (typeof shapes)[number],
  folder: string,
): readonly string[] {
  const program = join(root, "bench/constructs/contestant.ts");
  const args = ["--disable-warning=KeelsonWarning", program, name, String(charts), String(services), folder];
  const { seconds, megabytes, objects } = JSON.parse(node(args)) as Measured;
  return [name, String(charts), String(services), String(objects), seconds.toFixed(2), megabytes.toFixed(0)];
}

/** The median and the least. */
function summary(times: readonly number[]): readonly [number, number] {
  const sorted = times.toSorted((a, b) => a - b);
  return [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted[0] ?? 0];
}
