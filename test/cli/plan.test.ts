import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { readFleetArguments } from "../../cli/fleet/options.ts";
import { planAgain, planFleet } from "../../cli/fleet/plan.ts";
import {
  emptyLock,
  type FleetLock,
  parseLock,
  plan,
  serializeLock,
  withReleases,
} from "../../clusters/index.ts";
import { digestOf } from "../support/fake-fleet.ts";
import { apps as anyApps, fleets, wavering } from "../support/fleets.ts";

const library = pathToFileURL(join(import.meta.dirname, "../../clusters/index.ts")).href;
const imports = `import { defineFleet, divide, everywhere, place } from "${library}";`;
const asking = { module: "fleet.ts", replan: [], giveUp: [], takeBack: [], write: false };

/** A fleet whose clusters have so many cores, and an app with so many replicas, of a core each, on two of them. */
const shopOn = (cores: Readonly<Record<string, number>>, replicas: number): string => {
  const clusters = Object.entries(cores).map(([name, cpu]) => [
    name,
    { capacity: { cpu, memoryGib: 100 }, price: { cpuHour: 0.5, gibHour: 0 } },
  ]);
  return `${imports}
    export const fleet = defineFleet(${JSON.stringify(Object.fromEntries(clusters))});
    export const apps = [
      { name: "shop", place: place(everywhere()).pick(2).replicas(divide.evenly(${replicas})), request: { cpu: 1, memoryGib: 1 } },
    ];`;
};

describe("keelson fleet plan", () => {
  let folder: string;
  let modules = 0;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-plan-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const planWith = async (
    module: string,
    ...words: readonly string[]
  ): Promise<{ readonly exitCode: number; readonly output: string }> => {
    // A module is loaded once in a process.
    const name = `fleet-${++modules}.ts`;
    await writeFile(join(folder, name), module);
    const printed: string[] = [];
    const args = readFleetArguments(["plan", "-C", folder, "--fleet", name, ...words]);
    const exitCode = await planFleet(args, (text) => printed.push(text));
    return { exitCode, output: printed.join("\n") };
  };
  const lockFile = (): string => join(folder, "fleet.lock.json");
  const lock = async (): Promise<FleetLock> => parseLock(await readFile(lockFile(), "utf8"));

  it("shows what would move, why and what it costs, and writes nothing", async () => {
    const { exitCode, output } = await planWith(shopOn({ eu1: 8, eu2: 8, us1: 4 }, 8));

    assert.equal(exitCode, 0);
    assert.equal(
      output,
      [
        "shop",
        "  + eu1: 4 replicas (newly placed)",
        "  + eu2: 4 replicas (newly placed)",
        "Cost per hour: 0.00 -> 4.00 (+4.00)",
        "Nothing was written: --write does it",
      ].join("\n"),
    );
    await assert.rejects(readFile(lockFile()), { code: "ENOENT" });
  });

  it("writes the decision if it is told to, and nothing of what runs", async () => {
    const running = withReleases(emptyLock, "shop", { us1: digestOf("1") });
    await writeFile(lockFile(), serializeLock(running));

    const { output } = await planWith(shopOn({ eu1: 8, eu2: 8 }, 8), "--write");

    assert.match(output, /Written into fleet\.lock\.json$/);
    const after = await lock();
    assert.deepEqual(after.decision.apps["shop"]?.clusters, { eu1: 4, eu2: 4 });
    assert.deepEqual(after.releases, running.releases);
    assert.match(output, /--allow-removal shop: shop: the last cluster that runs it would lose it/);
  });

  it("begins with where an app runs that was never placed", async () => {
    const running = withReleases(emptyLock, "shop", { us1: digestOf("1"), us2: digestOf("1") });
    await writeFile(lockFile(), serializeLock(running));

    const { output } = await planWith(shopOn({ eu1: 80, eu2: 80, us1: 8, us2: 8 }, 8), "--write");

    assert.match(output, /^shop\n {2}~ us1: 2 -> 4 replicas \(.+\)\n {2}~ us2: 2 -> 4 replicas/);
    assert.deepEqual((await lock()).decision.apps["shop"]?.clusters, { us1: 4, us2: 4 });
    assert.doesNotMatch(output, /--allow-removal/);
  });

  it("leaves everything where it is when capacities waver, until an app is to be decided afresh", async () => {
    await planWith(shopOn({ eu1: 8, eu2: 8, us1: 4 }, 8), "--write");
    const wavered = shopOn({ eu1: 8, eu2: 3, us1: 80 }, 8);

    const again = await planWith(wavered, "--write");
    const afresh = await planWith(wavered, "--replan", "shop");

    assert.match(again.output, /^No changes\n.+\nToo full: eu2\n/);
    assert.match(afresh.output, /~ eu1: 4 -> 5 replicas \(takes over from eu2\)\n {2}~ eu2: 4 -> 3 replicas/);
    assert.deepEqual((await lock()).decision.apps["shop"]?.clusters, { eu1: 4, eu2: 4 });
  });

  it("says why an app fits nowhere, leaves it as it was, and ends with 2", async () => {
    await planWith(shopOn({ eu1: 8, eu2: 8 }, 8), "--write");
    const before = await readFile(lockFile(), "utf8");

    const large = shopOn({ eu1: 8, eu2: 8 }, 8).replace("divide.evenly(8)", "9");
    const { exitCode, output } = await planWith(large, "--write");

    assert.equal(exitCode, 2);
    assert.match(output, /shop fits nowhere, and stays as it was: .+\n {2}eu1: .+/);
    assert.equal(await readFile(lockFile(), "utf8"), before);
  });

  it("gives a cluster up, and takes it back with everything that was there", async () => {
    const module = shopOn({ eu1: 8, eu2: 8, us1: 8 }, 8);
    await planWith(module, "--write");
    const before = await readFile(lockFile(), "utf8");

    const over = await planWith(module, "--give-up", "eu1", "--write");
    const decided = (await lock()).decision.apps["shop"]?.clusters;
    const still = await planWith(module);
    const back = await planWith(module, "--take-back", "eu1", "--write");

    assert.match(over.output, /us1: 4 replicas \(takes over from eu1\)/);
    assert.match(over.output, /Given up: eu1/);
    assert.deepEqual(decided, { eu2: 4, us1: 4 });
    assert.match(still.output, /^No changes\n/);
    assert.doesNotMatch(back.output, /Given up/);
    assert.equal(await readFile(lockFile(), "utf8"), before);
  });

  it("tells programs the same as people", async () => {
    const { output } = await planWith(shopOn({ eu1: 8, eu2: 8 }, 8), "--json");

    const told = JSON.parse(output) as Record<string, unknown>;
    assert.deepEqual(told["apps"], [
      {
        app: "shop",
        replicas: [
          { cluster: "eu1", from: 0, to: 4, why: "newly placed" },
          { cluster: "eu2", from: 0, to: 4, why: "newly placed" },
        ],
        releases: [],
      },
    ]);
    assert.deepEqual(told["cost"], {
      before: { perHour: 0, unpriced: 0 },
      after: { perHour: 4, unpriced: 0 },
    });
    assert.equal(told["written"], false);
  });

  it("warns of an app that is placed no more", async () => {
    await planWith(shopOn({ eu1: 8, eu2: 8 }, 8), "--write");

    const { output } = await planWith(`${imports}
      export const fleet = defineFleet({ eu1: {}, eu2: {} });
      export const apps = [];`);

    assert.match(
      output,
      /shop is placed no more: a program that still has it brings it to all of its clusters/,
    );
  });

  for (const [what, module, words, message] of [
    [
      "two steps at once",
      shopOn({ eu1: 8, eu2: 8 }, 8),
      ["--replan", "all", "--give-up", "eu1"],
      /one step each/,
    ],
    ["one app alone", shopOn({ eu1: 8, eu2: 8 }, 8), ["shop"], /apps share the clusters/],
    [
      "an app that does not exist",
      shopOn({ eu1: 8, eu2: 8 }, 8),
      ["--replan", "shopp"],
      /did you mean "shop"/i,
    ],
    ["a cluster that does not exist", shopOn({ eu1: 8, eu2: 8 }, 8), ["--give-up", "eu3"], /no such cluster/],
    ["a module without a fleet", "export const apps = [];", [], /export "fleet" is not what defineFleet/],
    [
      "a module without apps",
      `${imports} export const fleet = defineFleet({});`,
      [],
      /export "apps" is no list/,
    ],
    ["a module that does not run", `throw new Error("no such facts");`, [], /no such facts/],
    ["a fleet that is wrong", `${imports} defineFleet({ Eu1: {} });`, [], /Cannot define the fleet/],
    ["a module that is not there", "", ["--fleet", "other.ts"], /other\.ts": there is no such file/],
  ] as const) {
    it(`refuses ${what}, and writes nothing`, async () => {
      await assert.rejects(planWith(module, ...words, "--write"), { message });

      await assert.rejects(readFile(lockFile()), { code: "ENOENT" });
    });
  }

  it("moves nothing by itself, whatever the fleet and whatever became of capacities and prices", () => {
    const input = fleets.chain((fleet) => fc.tuple(fc.constant(fleet), wavering(fleet)));
    fc.assert(
      fc.property(input, anyApps, ([fleet, later], apps) => {
        const first = planAgain({ fleet, apps }, emptyLock, asking);
        const again = planAgain({ fleet: later, apps }, first.lock, asking);

        const stays = Object.entries(first.lock.decision.apps);
        for (const [app, placed] of stays) assert.deepEqual(again.lock.decision.apps[app], placed);
        assert.deepEqual(again.lock.decision, plan(later, apps, first.lock.decision).decision);
        assert.deepEqual(again.lock.releases, first.lock.releases);
      }),
      { numRuns: 30 },
    );
  });
});
