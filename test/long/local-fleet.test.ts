import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseFleetFacts, parseLock } from "../../clusters/index.ts";
import { localMachines } from "../../machines/index.ts";
import { waitFor } from "../../remote/wait.ts";
import { fleetName } from "../../stacks/components/fleet-name.ts";
import type { ObjectsSettings } from "../e2e/programs/fleet-objects/index.ts";
import { type CommandResult, type Intervention, succeed } from "../support/command.ts";
import { FleetStack } from "../support/fleet-stack.ts";
import { describeLong } from "../support/long.ts";
import { pulumiStack } from "../support/pulumi-cli.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";
import { type Watched, watch } from "../support/watch.ts";

const project = "local-fleet";
const machinesOf = fleetName(project, "test");
const names = ["one", "two", "three"] as const;
const machinesOfThree = ["cp1", "w1"].map((host) => `${machinesOf}-three-${host}`);

// What clusters are and what runs on them are two stacks, as for users: an update of the first one would mend what is broken here.
describeLong("A release through three clusters of this computer", () => {
  const clusters = pulumiStack(project, "test");
  let kubeconfigs: Readonly<Record<string, string>>;
  let addresses: Readonly<Record<string, Readonly<Record<string, string>>>>;

  before(async function () {
    skipWithoutLocalMachines(this);
    succeed(await clusters(["stack", "init"]));
    succeed(await clusters(["up", "--yes", "--skip-preview"]));
    const read = async (output: string): Promise<unknown> =>
      JSON.parse(succeed(await clusters(["stack", "output", output, "--json", "--show-secrets"])).stdout);
    addresses = (await read("addresses")) as typeof addresses;
    kubeconfigs = (await read("kubeconfigs")) as typeof kubeconfigs;
  });

  after(async () => {
    for (const machine of await localMachines().list(machinesOf)) await localMachines().destroy(machine);
    await forgetStack(project);
  });

  const versionOf = (name: string, port: number): Promise<string> =>
    versionAt(`http://${addresses[name]?.["w1"] ?? ""}:${port}/`);
  const versions = (port: number): Promise<readonly string[]> =>
    Promise.all(names.map((name) => versionOf(name, port)));
  /** What users of the apps saw while a release went through. */
  const watched = async <T>(
    port: number,
    work: () => Promise<T>,
  ): Promise<readonly [T, readonly Watched[]]> => {
    const watches = names.map((name) => watch(() => versionOf(name, port)));
    await Promise.all(watches.map(({ answered }) => answered));
    const result = await work();
    return [result, await Promise.all(watches.map((each) => each.end()))];
  };

  describe('with the engine "set" and keelson fleet', () => {
    const port = 30_080;
    let fleet: FleetStack | undefined;

    before(async () => {
      fleet = await FleetStack.on("local", kubeconfigs);
    });

    after(() => fleet?.close());

    const release = (version: string, when?: Intervention): Promise<CommandResult> => {
      assert.ok(fleet);
      const rules = {
        deadlineSeconds: version === "broken" ? 60 : 300,
        soakSeconds: 2,
        http: [{ service: "web", port: 80, path: "/readyz" }],
      };
      // There is no image of the name "broken" anywhere.
      const image = version === "broken" ? "keelson.dev/demo:broken" : "keelson.dev/demo:1";
      return fleet.fleet(["up"], { image, version, rules, ownNamespace: true }, when);
    };

    it("brings the app to each of them in its wave", async () => {
      ends(await release("1"), 0);

      assert.deepEqual(await versions(port), ["1", "1", "1"]);
    });

    it("halts at a broken image, and goes back while the app keeps answering", async () => {
      const [result, seen] = await watched(port, () => release("broken"));

      ends(result, 3);
      assert.match(result.output, /one is failed: not healthy in time/);
      assert.doesNotMatch(result.output, /brings the release to (two|three)/);
      keptAnswering(seen);
      assert.deepEqual(await versions(port), ["1", "1", "1"]);
    });

    it("does not go on when a cluster loses its power in the middle, and serves all once it is back", async () => {
      const result = await release("2", {
        isDue: (output) => output.includes("one is verified"),
        act: cutThree,
      });

      // A wave of which nobody answers has shown nothing, so the last one waits as well.
      ends(result, 2);
      assert.deepEqual([await versionOf("one", port), await versionOf("two", port)], ["2", "1"]);
      await startThree();
      ends(await release("2"), 0);

      assert.deepEqual(await versions(port), ["2", "2", "2"]);
    });

    it("gathers what the clusters are, and plans with it", async () => {
      assert.ok(fleet);
      const gathered = succeed(await fleet.fleet(["facts"])).stdout;
      const { clusters: facts, gatheredAt } = parseFleetFacts(JSON.parse(gathered));
      const module = join(fleet.folder, "fleet.ts");
      await writeFile(module, planningModule(gathered));

      const planned = succeed(await fleet.fleet(["plan", "--fleet", module, "--write"]));

      assert.deepEqual(Object.keys(facts).toSorted(), names.toSorted());
      for (const { kubernetes = "", arch, capacity } of Object.values(facts)) {
        assert.match(kubernetes, /^1\.\d+\.\d+$/);
        assert.ok(arch !== undefined && capacity !== undefined);
        assert.ok(capacity.cpu > 0 && capacity.memoryGib > 0 && (capacity.pods ?? 0) > 0);
      }
      assert.ok(planned.output.includes(`From facts of ${gatheredAt}`));
      const { decision } = parseLock(await fleet.lockText());
      assert.equal(Object.keys(decision.apps["shop"]?.clusters ?? {}).length, 2);
    });
  });

  describe('with the engine "objects" and pulumi up', () => {
    const port = 30_081;
    const pulumi = pulumiStack("fleet-objects", "local");
    let folder: string;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "keelson-objects-"));
      succeed(await pulumi(["stack", "init"]));
    });

    after(async () => {
      await rm(folder, { recursive: true, force: true });
      await forgetStack("fleet-objects", "local");
    });

    const up = async (
      release: Omit<ObjectsSettings, "clusters">,
      args: readonly string[] = [],
      when?: Intervention,
    ): Promise<CommandResult> => {
      const path = join(folder, "settings.json");
      await writeFile(path, JSON.stringify({ clusters: kubeconfigs, ...release }), { mode: 0o600 });
      const command = ["up", "--yes", "--skip-preview", ...args];
      return pulumi(command, { env: { TEST_SETTINGS: path }, ...(when !== undefined && { when }) });
    };

    /** An `up` ends when the new pods are ready; an old one may answer for a moment longer. */
    const arrive = async (wanted: Readonly<Record<string, string>>): Promise<void> => {
      const look = async (): Promise<string> =>
        JSON.stringify(
          await Promise.all(
            Object.keys(wanted).map(async (name) => [name, await versionOf(name, port).catch(String)]),
          ),
        );
      const all = JSON.stringify(Object.entries(wanted));
      await waitFor({
        what: `the versions ${all}`,
        deadlineMs: 60_000,
        probe: async () => ((await look()) === all ? true : undefined),
        diagnose: look,
      });
    };

    it("brings the app to all of them, and a release in three waves that the program names", async () => {
      succeed(await up({ version: "1" }));
      await arrive({ one: "1", two: "1", three: "1" });

      const first = succeed(await up({ version: "1", ahead: { one: "2" } }));
      await arrive({ one: "2", two: "1", three: "1" });
      assert.doesNotMatch(first.output, /(two|three)\/counter\/\S+ updat/);

      const second = succeed(await up({ version: "1", ahead: { one: "2", two: "2" } }));
      await arrive({ one: "2", two: "2", three: "1" });
      assert.doesNotMatch(second.output, /(one|three)\/counter\/\S+ updat/);

      succeed(await up({ version: "2" }));
      await arrive({ one: "2", two: "2", three: "2" });
    });

    it("fails in time at a broken image while the app keeps answering, and the former program mends it", async () => {
      const [result, seen] = await watched(port, async () => {
        const broken = await up({ version: "2", ahead: { one: "broken" }, patience: "60s" });
        succeed(await up({ version: "2" }));
        return broken;
      });

      assert.notEqual(result.exitCode, 0, result.output);
      assert.match(result.output, /one\/counter\/Deployment\/counter\/web/);
      assert.match(result.output, /keelson\.dev\/demo:broken/);
      keptAnswering(seen);
      await arrive({ one: "2", two: "2", three: "2" });
    });

    it("serves the others when a cluster loses its power in the middle, and that one once it is back", async () => {
      const result = await up({ version: "3", patience: "90s" }, ["--continue-on-error"], {
        isDue: (output) => /three\/counter\/Deployment\/counter\/web updating/.test(output),
        act: cutThree,
      });

      assert.notEqual(result.exitCode, 0, result.output);
      assert.match(result.output, /three\/counter/);
      await arrive({ one: "3", two: "3" });

      // It is away from the beginning of this one.
      const next = await up({ version: "4" }, ["--continue-on-error"]);
      assert.notEqual(next.exitCode, 0, next.output);
      assert.match(next.output, /three\/counter/);
      await arrive({ one: "4", two: "4" });

      await startThree();
      const back = watch(() => versionOf("three", port));
      await back.answered;
      await back.end();
      succeed(await up({ version: "4" }, ["--continue-on-error"]));
      await arrive({ one: "4", two: "4", three: "4" });
    });
  });
});

/** A module for `keelson fleet plan`, on the clusters as they are. */
function planningModule(facts: string): string {
  const library = pathToFileURL(join(import.meta.dirname, "../../clusters/index.ts")).href;
  return `import { defineFleet, divide, everywhere, parseFleetFacts, place } from "${library}";
    export const fleet = defineFleet({ one: {}, two: {}, three: {} }, parseFleetFacts(${facts}));
    export const apps = [{ name: "shop", place: place(everywhere()).pick(2).replicas(divide.byCapacity(2)) }];`;
}

async function cutThree(): Promise<void> {
  await Promise.all(machinesOfThree.map((name) => localMachines().powerOff(name)));
}

async function startThree(): Promise<void> {
  await Promise.all(machinesOfThree.map((name) => localMachines().start(name)));
}

function ends({ exitCode, output }: CommandResult, wanted: number): void {
  assert.equal(exitCode, wanted, output);
}

function keptAnswering(seen: readonly Watched[]): void {
  assert.deepEqual(
    seen.flatMap(({ failures }) => failures),
    [],
  );
  assert.ok(seen.every(({ asked }) => asked > 50));
}

async function forgetStack(program: string, stack = "test"): Promise<void> {
  await rm(join(import.meta.dirname, "../e2e/programs", program, `Pulumi.${stack}.yaml`), { force: true });
}

async function versionAt(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000), headers: { connection: "close" } });
  if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
  return ((await answer.json()) as { version: string }).version;
}
