import { mkdtemp, rm } from "node:fs/promises";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { say } from "../scripts/local/output.ts";
import { buildIfChanged } from "../stacks/provider/build.ts";
import { HaStory } from "../test/support/ha-story.ts";
import { defaultKubernetes, resolveBundle } from "../toolchain/index.ts";
import { printTables } from "./ha-tables.ts";
import { phaseTimes } from "./phase-times.ts";

/**
 * `npm run bench:ha`: a cluster of three control planes and two workers, and the death of each control plane; with
 * `--create` only the cluster is made.
 */
const { values: options } = parseArgs({ options: { create: { type: "boolean", default: false } } });
const directory = await mkdtemp(join(tmpdir(), "keelson-bench-"));
// Every part reads its folder from here, the provider's process included.
process.env["KEELSON_STATE"] = join(directory, "state");
await resolveBundle(defaultKubernetes, { extraImages: ["demo"], onProgress: say });
// Whoever installs keelson gets the provider built.
await buildIfChanged();
const story = await HaStory.open("bench-ha");
try {
  const { log } = await story.create();
  if (!options.create) await live();
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  process.stdout.write(
    `\n${cpus().length} processors, ${memory} GiB, Linux ${release()}, Kubernetes ${defaultKubernetes}, warm cache\n`,
  );
  printTables(story);
  const phases = phaseTimes(log).map(
    ({ resource, what, begins, takes }) =>
      `| ${what} | ${resource} | ${String(begins)} | ${String(takes)} |\n`,
  );
  process.stdout.write(`| phase | of | begins | takes |\n|---|---|---:|---:|\n${phases.join("")}`);
} finally {
  await story.close();
  await rm(directory, { recursive: true, force: true });
}

async function live(): Promise<void> {
  await story.release("1", "deploy an app");
  await loseEach("cp2", "cp3", "cp1");
  await story.move("vip");
  await loseEach("cp2", "cp3");
  await story.kill("cp1");
  await story.replace("cp1", "cp4");
  await story.settle();
  await story.destroy();
}

async function loseEach(...victims: readonly string[]): Promise<void> {
  for (const victim of victims) {
    await story.kill(victim);
    await story.recover(victim);
  }
}
