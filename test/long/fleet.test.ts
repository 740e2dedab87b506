import assert from "node:assert/strict";
import { parseFleetFacts, parseLock } from "../../clusters/index.ts";
import type { CommandResult } from "../support/command.ts";
import { FleetStack } from "../support/fleet-stack.ts";
import { describeLong } from "../support/long.ts";

describeLong("keelson fleet, with the real engine on real API servers", () => {
  const names = ["eu1", "eu2", "us1"];
  let fleet: FleetStack;

  before(async function () {
    this.timeout(300_000);
    fleet = await FleetStack.open("waves", ...names);
  });

  after(async function () {
    this.timeout(60_000);
    await fleet.close();
  });

  const tags = (): Promise<readonly (string | undefined)[]> =>
    Promise.all(names.map(async (name) => (await fleet.image(name))?.split(":").at(-1)));
  const release = (tag: string, ...words: readonly string[]): Promise<CommandResult> =>
    fleet.fleet(["up", ...words], { image: `ghcr.io/acme/web:${tag}`, rules: { deadlineSeconds: 20 } });
  const ends = ({ exitCode, output }: CommandResult, wanted: number): void => {
    assert.equal(exitCode, wanted, output);
  };

  it("brings a release to every cluster in its waves, and writes the lock", async () => {
    ends(await release("1"), 0);

    assert.deepEqual(await tags(), ["1", "1", "1"]);
    const lock = parseLock(await fleet.lockText());
    assert.deepEqual(Object.keys(lock.releases["shop"] ?? {}), names);
  }).timeout(300_000);

  it("says each step as an object a line, if asked", async () => {
    const { stdout, output, exitCode } = await release("2", "--json");

    assert.equal(exitCode, 0, output);
    const events = stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { type: string; cluster?: string; state?: string });
    const verified = events.filter(({ state }) => state === "verified").map(({ cluster }) => cluster);
    assert.deepEqual(verified, names);
    assert.equal(events.at(-1)?.type, "ends");
  }).timeout(300_000);

  it("takes a broken release back before it gets beyond the first wave", async () => {
    ends(await release("broken"), 3);

    assert.deepEqual(await tags(), ["2", "2", "2"]);
  }).timeout(300_000);

  it("leaves a cluster that does not answer for later, and stops for nobody", async () => {
    fleet.member("us1").way.off();
    ends(await release("3"), 4);
    assert.deepEqual(await tags(), ["3", "3", "2"]);

    fleet.member("us1").way.on();
    ends(await release("3"), 0);

    assert.deepEqual(await tags(), ["3", "3", "3"]);
  }).timeout(300_000);

  it("does nothing with a plain up that the lock does not say", async () => {
    const { exitCode, output } = await fleet.up({ image: "ghcr.io/acme/web:9", lock: fleet.lock });

    assert.equal(exitCode, 0, output);
    assert.deepEqual(await tags(), ["3", "3", "3"]);
  }).timeout(120_000);

  it("previews what a release would change, and touches neither clusters nor lock", async () => {
    const before = await fleet.lockText();

    const { exitCode, output } = await fleet.fleet(["preview"], { image: "ghcr.io/acme/web:4" });

    assert.equal(exitCode, 0, output);
    assert.match(output, /image: "ghcr.io\/acme\/web:3" -> "ghcr.io\/acme\/web:4"/);
    assert.equal(await fleet.lockText(), before);
    assert.deepEqual(await tags(), ["3", "3", "3"]);
  }).timeout(120_000);

  it("goes back with a program that never rendered the release before", async () => {
    ends(await release("4"), 0);

    // The old release is in the store alone: neither its image nor its password is in the settings any more.
    const { exitCode, output } = await fleet.fleet(["rollback", "shop"], {
      image: "ghcr.io/acme/web:5",
      password: "something else altogether",
    });

    assert.equal(exitCode, 3, output);
    assert.deepEqual(await tags(), ["3", "3", "3"]);
    const status = await fleet.fleet(["status"]);
    assert.match(status.output, /shop\s+us1\s+rest\s+reverted/);
  }).timeout(300_000);

  it("finds what somebody has changed, and facts", async () => {
    ends(await fleet.fleet(["drift"]), 0);
    await fleet.member("eu2").server.client.request({
      method: "PATCH",
      path: "/apis/apps/v1/namespaces/shop/deployments/web",
      contentType: "application/strategic-merge-patch+json",
      query: { fieldManager: "somebody" },
      body: {
        spec: { template: { spec: { containers: [{ name: "app", image: "ghcr.io/acme/web:hotfix" }] } } },
      },
    });

    const drift = await fleet.fleet(["drift"]);
    const facts = await fleet.fleet(["facts"]);

    ends(drift, 2);
    assert.match(
      drift.output,
      /eu2\/shop: .*[\s\S]*image: "ghcr.io\/acme\/web:hotfix" -> "ghcr.io\/acme\/web:3"/,
    );
    assert.deepEqual(Object.keys(parseFleetFacts(JSON.parse(facts.stdout)).clusters).sort(), names);
  }).timeout(120_000);

  it("names whoever owns a field that the next release would change, and takes the release back", async () => {
    const result = await release("6");

    ends(result, 3);
    assert.match(result.output, /eu2 is failed: .*\.image of "somebody" \[KEELSON_FIELD_CONFLICT\]/);
    assert.deepEqual(await tags(), ["3", "3", "3"]);
  }).timeout(300_000);
});
