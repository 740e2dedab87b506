// One contestant at one size, measured alone: contestant.ts <name> <charts> <services> <folder of the rivals>
import { join } from "node:path";
import { createRequire } from "node:module";
import * as cdk8s from "cdk8s";
import { WebService } from "keelson/constructs";
import { plusService } from "./cdk8s-plus.ts";
import { rawService } from "./raw.ts";

/** What one run took. */
export interface Measured {
  readonly seconds: number;
  readonly megabytes: number;
  readonly objects: number;
}

type Add = (chart: cdk8s.Chart, name: string) => void;

const [, , name = "", charts = "1", services = "1", folder = ""] = process.argv;
const require = createRequire(join(folder, "package.json"));
const image = "ghcr.io/acme/web:1.4.2";

const contestants: Readonly<Record<string, () => readonly [typeof cdk8s, Add]>> = {
  keelson: () => [
    cdk8s,
    (chart, id): void => {
      new WebService(chart, id, {
        image,
        port: 8080,
        health: { ready: "/readyz" },
        access: { from: ["namespace"] },
      });
    },
  ],
  // A rival finds its own copy of cdk8s.
  "cdk8s-plus": () => [require("cdk8s") as typeof cdk8s, plusService(require("cdk8s-plus-34"), image)],
  cdk8s: () => [cdk8s, rawService(image)],
};

const [library, add] = contestants[name]?.() ?? [];
if (library === undefined || add === undefined)
  throw new Error(`Cannot measure "${name}": there is no such contestant`);
process.stdout.write(JSON.stringify(run(library, add)));

function run({ App, Chart }: typeof cdk8s, addTo: Add): Measured {
  const before = performance.now();
  const app = new App();
  const all = Array.from(
    { length: Number(charts) },
    (_, index) => new Chart(app, `chart-${index}`, { namespace: `ns-${index}` }),
  );
  for (let index = 0; index < Number(services); index++) {
    const chart = all[index % all.length];
    if (chart) addTo(chart, `web-${index}`);
  }
  const yaml = app.synthYaml();
  const seconds = (performance.now() - before) / 1000;
  return { seconds, megabytes: process.resourceUsage().maxRSS / 1024, objects: yaml.split("\n---\n").length };
}
