import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { FleetSettings } from "../e2e/programs/fleet/index.ts";
import type { CommandResult, Intervention } from "../support/command.ts";
import { FleetStack } from "../support/fleet-stack.ts";
import { describeLong } from "../support/long.ts";
import { killTree } from "../support/process-tree.ts";

describeLong("keelson fleet, interrupted and held up, with the real engine on real API servers", () => {
  const names = ["eu1", "eu2", "us1"];
  let fleet: FleetStack;

  before(async () => {
    fleet = await FleetStack.open("resume", ...names);
  });

  after(() => fleet.close());

  const tagOf = async (name: string): Promise<string | undefined> =>
    (await fleet.image(name))?.split(":").at(-1);
  const tags = (): Promise<readonly (string | undefined)[]> => Promise.all(names.map(tagOf));
  const release = (
    tag: string,
    words: readonly string[] = [],
    settings: Partial<FleetSettings> = {},
    when?: Intervention,
  ): Promise<CommandResult> =>
    fleet.fleet(["up", ...words], { image: `ghcr.io/acme/web:${tag}`, ...settings }, when);
  const ends = ({ exitCode, output }: CommandResult, wanted: number): void => {
    assert.equal(exitCode, wanted, output);
  };

  it("goes on with the same command after everything was killed while a wave was updated", async () => {
    ends(await release("1"), 0);

    const killed = await release(
      "2",
      [],
      {},
      {
        isDue: (output) => output.includes("brings the release to eu2"),
        act: async ({ pid }) => {
          // Pulumi and the provider die with the driver, after the cluster has changed and before the state says so.
          while ((await tagOf("eu2")) !== "2") await pause(10);
          killTree(pid ?? 0);
        },
      },
    );

    assert.notEqual(killed.exitCode, 0);
    assert.deepEqual(await tags(), ["2", "2", "1"]);
    const again = await release("2");
    ends(again, 0);
    assert.doesNotMatch(again.output, /brings the release to eu1/);
    assert.deepEqual(await tags(), ["2", "2", "2"]);
  });

  it("ends a killed rollout before it begins another release", async () => {
    await release(
      "3",
      [],
      {},
      {
        isDue: (output) => output.includes("eu1 is verified"),
        act: ({ pid }) => void killTree(pid ?? 0),
      },
    );
    assert.equal((await tags())[2], "2");

    const { output, exitCode } = await release("4");

    assert.equal(exitCode, 0, output);
    const begun = [...output.matchAll(/brings the release to (\w+)/g)].map(([, name]) => name);
    assert.deepEqual(begun.slice(-3), names, output);
    assert.ok(begun.length > 3, "the rest of the rollout before");
    assert.deepEqual(await tags(), ["4", "4", "4"]);
  });

  it("waits until somebody agrees to the last wave", async () => {
    const waiting = await release("5", [], { approval: true });

    ends(waiting, 2);
    assert.match(waiting.output, /waits until somebody agrees/);
    assert.deepEqual(await tags(), ["5", "5", "4"]);
    ends(await release("5", ["--approve"], { approval: true }), 0);
    assert.deepEqual(await tags(), ["5", "5", "5"]);
  });

  it("brings the value of one cluster to that one alone, in its wave", async () => {
    const { output, exitCode } = await release("5", [], { ownImages: { us1: "ghcr.io/acme/web:6" } });

    assert.equal(exitCode, 0, output);
    assert.doesNotMatch(output, /brings the release to eu/);
    assert.match(output, /brings the release to us1/);
    assert.deepEqual(await tags(), ["5", "5", "6"]);
  });
});
