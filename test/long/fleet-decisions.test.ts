import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { type Day, emptyLock, type FleetLock, parseLock, serializeLock } from "../../clusters/index.ts";
import { type CommandResult, succeed } from "../support/command.ts";
import { FleetStack } from "../support/fleet-stack.ts";
import { describeLong } from "../support/long.ts";
import { PrometheusStandIn } from "../support/prometheus-stand-in.ts";

describeLong("keelson fleet, what decides on a release, with the real engine on real API servers", () => {
  const names = ["eu1", "eu2", "us1"];
  let fleet: FleetStack;
  let prometheus: PrometheusStandIn;

  before(async function () {
    this.timeout(300_000);
    prometheus = await PrometheusStandIn.start();
    fleet = await FleetStack.open("decisions", ...names);
  });

  after(async function () {
    this.timeout(60_000);
    prometheus.stop();
    await fleet.close();
  });

  const tags = (): Promise<readonly (string | undefined)[]> =>
    Promise.all(names.map(async (name) => (await fleet.image(name))?.split(":").at(-1)));
  const release = (tag: string, words: readonly string[], settings: object = {}): Promise<CommandResult> =>
    fleet.fleet(["up", ...words], { image: `ghcr.io/acme/web:${tag}`, ...settings });
  const ends = ({ exitCode, output }: CommandResult, wanted: number): void => {
    assert.equal(exitCode, wanted, output);
  };
  const lock = async (): Promise<FleetLock> => parseLock(await readFile(fleet.lock, "utf8"));
  const plan = async (...words: readonly string[]): Promise<string> =>
    succeed(await fleet.fleet(["plan", ...words])).output;

  it("moves an app off a cluster that is gone, and removes it there when the cluster answers again", async () => {
    assert.match(await plan(), /\+ eu1: 4 replicas \(newly placed\)[^]*Nothing was written/);
    await assert.rejects(lock(), { code: "ENOENT" });
    await plan("--write");
    ends(await release("1", []), 0);
    assert.deepEqual(await tags(), ["1", "1", undefined]);
    fleet.member("eu1").way.off();

    const moved = await plan("--give-up", "eu1", "--write");
    assert.match(moved, /us1: 4 replicas \(takes over from eu1\)/);
    assert.match(moved, /keelson fleet up will want --allow-removal shop/);
    const meanwhile = await release("1", ["--allow-removal", "all"]);

    ends(meanwhile, 4);
    assert.deepEqual(await tags(), ["1", "1", "1"]);
    fleet.member("eu1").way.on();
    ends(await release("1", ["--allow-removal", "all"]), 0);
    assert.deepEqual(await tags(), [undefined, "1", "1"]);
  }).timeout(600_000);

  it("takes the app back to where it was", async () => {
    await plan("--take-back", "eu1", "--write");

    ends(await release("1", ["--allow-removal", "all"]), 0);

    assert.deepEqual(await tags(), ["1", "1", undefined]);
    assert.deepEqual(Object.keys((await lock()).releases["shop"] ?? {}), ["eu1", "eu2"]);
  }).timeout(300_000);

  it("begins no wave outside of its window, unless it is told to", async () => {
    await writeFile(fleet.lock, serializeLock({ ...(await lock()), decision: emptyLock.decision }));
    const windows = [{ days: [dayAfterTomorrow()], from: "10:00", to: "11:00", timeZone: "Etc/UTC" }];

    const waiting = await release("2", [], { windows });

    ends(waiting, 4);
    assert.match(waiting.output, /window/);
    assert.deepEqual(await tags(), ["2", "2", undefined]);
    ends(await release("2", ["--now"], { windows }), 0);
    assert.deepEqual(await tags(), ["2", "2", "2"]);
  }).timeout(600_000);

  it("asks Prometheus for each cluster, and takes back what it refuses", async () => {
    const probe = {
      url: prometheus.url,
      query: 'errors{cluster="{{cluster}}",namespace="{{namespace}}"}',
      max: 0.1,
      intervalSeconds: 0.2,
      failureLimit: 2,
    };
    const rules = { prometheus: [probe], soakSeconds: 1, deadlineSeconds: 60 };
    ends(await release("3", [], { rules }), 0);
    assert.deepEqual(
      [...new Set(prometheus.queries)],
      names.map((name) => `errors{cluster="${name}",namespace="shop"}`),
    );
    prometheus.value = (query) => (query.includes("eu2") ? 0.5 : 0);

    const refused = await release("4", [], { rules });

    ends(refused, 3);
    assert.match(refused.output, /eu2 is failed: .*0\.5/);
    assert.deepEqual(await tags(), ["3", "3", "3"]);
  }).timeout(600_000);
});

function dayAfterTomorrow(): Day {
  const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
  return days[(new Date().getUTCDay() + 2) % 7] ?? "sun";
}
