import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { localMachines } from "../../machines/index.ts";
import { fleetName } from "../../stacks/components/fleet-name.ts";
import { type CommandResult, succeed } from "../support/command.ts";
import { FleetStack } from "../support/fleet-stack.ts";
import { describeLong } from "../support/long.ts";
import { pulumiStack } from "../support/pulumi-cli.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";
import { watch } from "../support/watch.ts";

const project = "local-fleet";
const machinesOf = fleetName(project, "test");
const names = ["one", "two", "three"] as const;

// What clusters are and what runs on them are two stacks, as for users: an update of the first one would mend what is broken here.
describeLong("A release through three clusters of this computer", () => {
  const clusters = pulumiStack(project, "test");
  let fleet: FleetStack | undefined;
  let urls: Readonly<Record<string, string>>;

  before(async function () {
    skipWithoutLocalMachines(this);
    succeed(await clusters(["stack", "init"]));
    succeed(await clusters(["up", "--yes", "--skip-preview"]));
    const read = async (output: string): Promise<unknown> =>
      JSON.parse(succeed(await clusters(["stack", "output", output, "--json", "--show-secrets"])).stdout);
    const addresses = (await read("addresses")) as Record<string, Record<string, string>>;
    urls = Object.fromEntries(names.map((name) => [name, `http://${addresses[name]?.["w1"] ?? ""}:30080/`]));
    fleet = await FleetStack.on("local", (await read("kubeconfigs")) as Record<string, string>);
  });

  after(async () => {
    await fleet?.close();
    for (const machine of await localMachines().list(machinesOf)) await localMachines().destroy(machine);
    await rm(join(import.meta.dirname, "../e2e/programs", project, "Pulumi.test.yaml"), { force: true });
  });

  const release = (version: string, when?: Parameters<FleetStack["fleet"]>[2]): Promise<CommandResult> => {
    assert.ok(fleet);
    const rules = {
      deadlineSeconds: 60,
      soakSeconds: 2,
      http: [{ service: "web", port: 80, path: "/readyz" }],
    };
    // There is no image of the name "broken" anywhere.
    const image = version === "broken" ? "keelson.dev/demo:broken" : "keelson.dev/demo:1";
    return fleet.fleet(["up"], { image, version, rules, ownNamespace: true }, when);
  };
  const ends = ({ exitCode, output }: CommandResult, wanted: number): void => {
    assert.equal(exitCode, wanted, output);
  };
  const versionOf = (name: string): Promise<string> => versionAt(urls[name] ?? "");

  it("brings the app to each of them in its wave", async () => {
    ends(await release("1"), 0);

    assert.deepEqual(await Promise.all(names.map(versionOf)), ["1", "1", "1"]);
  });

  it("halts at a broken image, and goes back while the app keeps answering", async () => {
    const watches = names.map((name) => watch(() => versionOf(name)));
    await Promise.all(watches.map(({ answered }) => answered));

    const result = await release("broken");

    const seen = await Promise.all(watches.map((each) => each.end()));
    ends(result, 3);
    assert.match(result.output, /one is failed: not healthy in time/);
    assert.doesNotMatch(result.output, /brings the release to (two|three)/);
    assert.deepEqual(
      seen.flatMap(({ failures }) => failures),
      [],
    );
    assert.ok(seen.every(({ asked }) => asked > 50));
    assert.deepEqual(await Promise.all(names.map(versionOf)), ["1", "1", "1"]);
  });

  it("does not go on when a cluster loses its power in the middle, and serves all once it is back", async () => {
    const machines = ["cp1", "w1"].map((host) => `${machinesOf}-three-${host}`);
    const result = await release("2", {
      isDue: (output) => output.includes("one is verified"),
      act: async () => {
        await Promise.all(machines.map((name) => localMachines().powerOff(name)));
      },
    });

    // A wave of which nobody answers has shown nothing, so the last one waits as well.
    ends(result, 2);
    assert.deepEqual([await versionOf("one"), await versionOf("two")], ["2", "1"]);
    await Promise.all(machines.map((name) => localMachines().start(name)));
    ends(await release("2"), 0);

    assert.deepEqual(await Promise.all(names.map(versionOf)), ["2", "2", "2"]);
  });
});

async function versionAt(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000), headers: { connection: "close" } });
  if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
  return ((await answer.json()) as { version: string }).version;
}
