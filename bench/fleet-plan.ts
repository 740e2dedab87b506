import { cpus } from "node:os";
import { defineFleet, divide, everywhere, place, plan, where } from "../clusters/index.ts";
import type { ClusterFacts, Fleet, PlacedApp } from "../clusters/index.ts";

/** `npm run bench:fleet-plan`: how long it takes to decide where 1,000 apps run on 1,000 clusters, and what memory. */
const apps = 1000;
const clusters = 1000;

const regions = Array.from({ length: 20 }, (_, index) => `region-${index}`);
const providers = ["metal", "aws", "gcp", "azure", "hetzner"];

const fleet = fleetOf(clusters);
const wanted = Array.from({ length: apps }, (_, index) => appOf(index));
const rows: string[] = [];

const first = measure("plan everything anew", () => plan(fleet, wanted));
measure("plan again, nothing changed", () => plan(fleet, wanted, first.decision));
const fewer: Fleet = { clusters: fleet.clusters.filter((_, index) => index % 100 !== 1) };
measure("plan again, ten clusters are gone", () => plan(fewer, wanted, first.decision));
measure("decide everything afresh", () => plan(fleet, wanted, first.decision, { replan: true }));
const bytes = JSON.stringify(first.decision).length;

process.stdout.write(`${apps} apps on ${clusters} clusters, ${cpus()[0]?.model ?? "unknown processor"}\n\n`);
process.stdout.write("| what | seconds | of a processor | result |\n|---|---:|---:|---|\n");
for (const row of rows) process.stdout.write(`${row}\n`);
const peak = process.resourceUsage().maxRSS / 1024;
process.stdout.write(
  `\nPeak memory of the process: ${Math.round(peak)} MiB. Decision: ${Math.round(bytes / 1024)} KiB.\n`,
);

function measure(what: string, work: () => ReturnType<typeof plan>): ReturnType<typeof plan> {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const result = work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(used);
  const cells = [what, seconds.toFixed(2), ((user + system) / 1e6).toFixed(2)];
  rows.push(`| ${cells.join(" | ")} | ${result.moves.length} changes, ${result.refused.length} refused |`);
  return result;
}

function fleetOf(count: number): Fleet {
  const names = Array.from({ length: count }, (_, index) => `cluster-${String(index).padStart(4, "0")}`);
  return defineFleet(Object.fromEntries(names.map((name, index) => [name, factsOf(index)])));
}

function factsOf(index: number): ClusterFacts {
  const region = regions[index % regions.length] ?? "";
  return {
    provider: providers[(index * 7) % providers.length] ?? "",
    region,
    zone: `${region}-${"abc".charAt(index % 3)}`,
    kubernetes: "1.35.4",
    arch: "amd64",
    labels: { env: index % 10 === 0 ? "dev" : "prod", pool: index % 5 === 0 ? "burst" : "main" },
    capacity: { cpu: 64 + (index % 7) * 32, memoryGib: 256 + (index % 5) * 128, pods: 1100 },
    price: { cpuHour: 0.02 + (index % 11) / 1000, gibHour: 0.003 },
    taints: index % 50 === 0 ? [{ key: "maintenance", effect: "NoSchedule" }] : [],
  };
}

// A mix: most apps on some clusters of production, spread and divided; some on the cheapest ones; a few everywhere.
function appOf(index: number): PlacedApp {
  const prod = place(where({ env: "prod" }));
  const picked = prod.pick(3 + (index % 6));
  const kinds = [
    () => picked.spread({ by: "region", maxSkew: 1 }).replicas(divide.byCapacity(24)),
    () =>
      picked.spread({ by: "region", maxSkew: 1 }, { by: "provider", maxSkew: 2 }).replicas(divide.evenly(16)),
    () =>
      picked
        .spread({ by: "zone", maxSkew: 1 })
        .replicas(2)
        .fallback(where({ pool: "burst" })),
    () => picked.replicas(divide.byCost(20)).overflow(where({ pool: "burst" })),
    () => place(everywhere()).tolerate({ key: "maintenance" }).replicas(1),
  ];
  const kind = index % 20 === 19 ? 4 : index % 4;
  const rule = kinds[kind]?.() ?? prod;
  return {
    name: `app-${String(index).padStart(4, "0")}`,
    place: rule,
    request: { cpu: 0.25, memoryGib: 0.5 },
  };
}
