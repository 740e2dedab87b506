import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";

import { waitForAnswers } from "../scripts/local/clusters.ts";
import { say } from "../scripts/local/output.ts";
import { PulumiRunner } from "../stacks/engine/pulumi-run.ts";
import { openState } from "../stacks/engine/state.ts";
import { defaultKubernetes, resolveBundle, resolvePulumi } from "../toolchain/index.ts";
import { phaseTimes } from "./phase-times.ts";
import { resourceTimes } from "./resource-times.ts";

/** `npm run bench:bootstrap`: how long it takes from nothing to two clusters with an app on both, and back. */
const stack = "bench";
const program = join(import.meta.dirname, "program");
// The file that holds the stack's salt; one of an earlier run belongs to another passphrase.
const configFile = join(program, `Pulumi.${stack}.yaml`);
await rm(configFile, { force: true });
const directory = await mkdtemp(join(tmpdir(), "keelson-bench-"));
// Every part reads its folder from here, the provider's process included.
process.env["KEELSON_STATE"] = join(directory, "state");
// Without this the engine does not offer its event log.
process.env["PULUMI_DEBUG_COMMANDS"] = "true";

await resolveBundle(defaultKubernetes, { extraImages: ["demo"], onProgress: say });
const pulumi = new PulumiRunner(await resolvePulumi({ onProgress: say }), await openState(), program);
const common = ["--stack", stack];
const events = join(directory, "events.json");
const rows: (readonly [what: string, seconds: number])[] = [];
let log = "";
try {
  await measureAll();
  print();
} finally {
  if ((await pulumi.run(["destroy", "--yes", "--skip-preview", ...common])) === 0) {
    await rm(directory, { recursive: true, force: true });
    await rm(configFile, { force: true });
  }
}

async function measureAll(): Promise<void> {
  await pulumi.read(["stack", "init", ...common]);
  const up = ["up", "--yes", "--skip-preview", ...common];
  await measure("from nothing until both apps answer", async () => {
    await run([...up, "--event-log", events]);
    await waitForAnswers(await urls());
  });
  log = await readFile(events, "utf8");
  await measure("up without a change", () => run(up));
  await measure("preview without a change", () => run(["preview", ...common]));
  const addition = join(directory, "addition.json");
  await measure("add a worker, from no machine", () =>
    run([...up, "--config", "workers=2", "--event-log", addition]),
  );
  const machine = resourceTimes(await readFile(addition, "utf8")).find(({ name }) =>
    name.includes("LocalMachine"),
  );
  rows.push(["of that, until its machine has booted", machine?.takes ?? 0]);
  await measure("remove it", () => run([...up, "--config", "workers=1"]));
  await measure("destroy", () => run(["destroy", "--yes", "--skip-preview", ...common]));
}

async function measure(what: string, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await work();
  rows.push([what, (performance.now() - start) / 1000]);
}

async function run(args: readonly string[]): Promise<void> {
  const exitCode = await pulumi.run(args);
  if (exitCode !== 0) throw new Error(`Cannot run "pulumi ${args[0] ?? ""}": exit code ${exitCode}`);
}

async function urls(): Promise<readonly string[]> {
  const text = await pulumi.read(["stack", "output", "addresses", "--json", "--stack", stack]);
  const addresses = JSON.parse(text) as Record<string, Record<string, { urls: string[] }>>;
  return Object.values(addresses).flatMap((services) =>
    Object.values(services).flatMap((service) => service.urls),
  );
}

function print(): void {
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  process.stdout.write(
    `\n${cpus().length} processors, ${memory} GiB, Linux ${release()}, Kubernetes ${defaultKubernetes}, warm cache\n\n` +
      `| what | seconds |\n|---|---:|\n` +
      rows.map(([what, seconds]) => `| ${what} | ${seconds.toFixed(1)} |\n`).join("") +
      `\n| resource | begins | takes |\n|---|---:|---:|\n` +
      resourceTimes(log)
        .map(({ name, begins, takes }) => `| ${name} | ${begins} | ${takes} |\n`)
        .join("") +
      `\n| phase | of | begins | takes |\n|---|---|---:|---:|\n` +
      phaseTimes(log)
        .map(
          ({ resource, what, begins, takes }) =>
            `| ${what} | ${resource} | ${String(begins)} | ${String(takes)} |\n`,
        )
        .join(""),
  );
}
