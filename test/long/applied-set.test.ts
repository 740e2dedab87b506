import assert from "node:assert/strict";
import { stateDirectory } from "../../stacks/engine/state.ts";
import { succeed } from "../support/command.ts";
import { FleetStack } from "../support/fleet-stack.ts";
import { describeLong } from "../support/long.ts";
import { findSecret } from "../support/secret-search.ts";

describeLong("Apps as sets, with the real engine on real API servers", () => {
  let fleet: FleetStack;

  before(async function () {
    this.timeout(300_000);
    fleet = await FleetStack.open("sets", "eu1", "us1");
  });

  after(async function () {
    this.timeout(60_000);
    await fleet.close();
  });

  const images = (): Promise<readonly (string | undefined)[]> =>
    Promise.all([...fleet.members.keys()].map((name) => fleet.image(name)));
  const image = (tag: string): { readonly image: string } => ({ image: `ghcr.io/acme/web:${tag}` });

  it("previews each object, and applies none", async () => {
    const { output } = succeed(await fleet.pulumi(["preview"]));

    assert.match(output, /eu1: \d+ to create/);
    assert.match(output, /\+ apps\/Deployment shop\/web/);
    assert.deepEqual(await images(), [undefined, undefined]);
  }).timeout(120_000);

  it("applies on every cluster, and tells where services answer", async () => {
    succeed(await fleet.up());

    assert.deepEqual(await images(), ["ghcr.io/acme/web:1", "ghcr.io/acme/web:1"]);
    const { output } = succeed(await fleet.pulumi(["stack", "output", "addresses", "--json"]));
    assert.match(output, /"clusterIp": ?"10\.96\./);
    assert.match(output, /"nodePort": ?30080/);
  }).timeout(120_000);

  it("keeps little in the state, one provider for all clusters, and no secret anywhere", async () => {
    const resources = await fleet.sets();

    const sets = resources.filter(({ type }) => type === "keelson:index:AppliedSet");
    assert.equal(sets.length, 2);
    for (const set of sets) {
      const size = JSON.stringify(set).length;
      // As much as three objects may take; here are twice as many.
      assert.ok(size <= 1024 + 3 * 100, `${size} bytes: ${JSON.stringify(set)}`);
    }
    const providers = resources.filter(({ type }) => type.startsWith("pulumi:providers:"));
    assert.deepEqual(
      providers.map(({ type }) => type),
      ["pulumi:providers:keelson"],
    );
    assert.deepEqual(await findSecret(fleet.password, [stateDirectory(), fleet.store]), []);
  }).timeout(60_000);

  it("has nothing to do the second time", async () => {
    succeed(await fleet.pulumi(["preview", "--expect-no-changes"]));
    const { output } = succeed(await fleet.up());

    assert.doesNotMatch(output, /\d+ (updated|created|deleted|replaced)/);
  }).timeout(120_000);

  it("shows the fields that change, without the values of secrets", async () => {
    const { output } = succeed(
      await fleet.pulumi(["preview"], { ...image("2"), password: "another password" }),
    );

    assert.match(
      output,
      /~ spec\.template\.spec\.containers\[name=app\]\.image: "ghcr.io\/acme\/web:1" -> "ghcr.io\/acme\/web:2"/,
    );
    assert.match(output, /~ .*PASSWORD.*"\[secret, before\]" -> "\[secret, after\]"/);
    assert.doesNotMatch(output, /another password|correct horse/);
  }).timeout(120_000);

  it("serves the others while a cluster does not answer, says so, and makes it good with the next run", async () => {
    fleet.member("eu1").way.off();
    const { output } = succeed(await fleet.up(image("2")));

    assert.match(output, /eu1 does not answer, so it waits for its release until the next run/);
    assert.deepEqual(await images(), ["ghcr.io/acme/web:1", "ghcr.io/acme/web:2"]);
    const pending = succeed(await fleet.pulumi(["preview"], image("2")));
    assert.match(pending.output, /AppliedSet.*eu1\/shop.*update|~.*eu1\/shop/);

    fleet.member("eu1").way.on();
    succeed(await fleet.up(image("2")));

    assert.deepEqual(await images(), ["ghcr.io/acme/web:2", "ghcr.io/acme/web:2"]);
    succeed(await fleet.pulumi(["preview", "--expect-no-changes"], image("2")));
  }).timeout(240_000);

  it("brings back what somebody has deleted", async () => {
    const path = "/apis/apps/v1/namespaces/shop/deployments/web";
    await fleet.member("us1").server.client.request({ method: "DELETE", path });

    succeed(await fleet.up(image("2")));

    assert.equal(await fleet.image("us1"), "ghcr.io/acme/web:2");
  }).timeout(120_000);

  it("names what the cluster refuses, and goes on from there", async () => {
    const { exitCode, output } = await fleet.up({
      image: "ghcr.io/acme/web:3",
      password: "x".repeat(1_100_000),
    });
    assert.notEqual(exitCode, 0);
    assert.match(output, /Secret shop\/web-env/);
    assert.doesNotMatch(output, /xxxxx/);

    succeed(await fleet.up(image("3")));

    assert.deepEqual(await images(), ["ghcr.io/acme/web:3", "ghcr.io/acme/web:3"]);
  }).timeout(120_000);

  it("takes everything away in the end", async () => {
    succeed(await fleet.pulumi(["destroy", "--yes", "--skip-preview"]));

    assert.deepEqual(await images(), [undefined, undefined]);
    const path = "/api/v1/namespaces/shop/secrets";
    for (const { server } of fleet.members.values()) {
      const { items } = await server.client.request<{ items: readonly unknown[] }>({ path });
      assert.deepEqual(items, []);
    }
  }).timeout(120_000);
});
