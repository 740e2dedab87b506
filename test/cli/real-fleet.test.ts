import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { RealFleet } from "../../cli/fleet/real-world.ts";
import { emptyLock, parseLock, withReleases } from "../../clusters/index.ts";
import { openReleaseStore, type ReleaseStore } from "../../delivery/index.ts";
import { KeelsonError } from "../../errors.ts";
import { digestOf, offerOf } from "../support/fake-fleet.ts";

const [one, two] = [digestOf("1"), digestOf("2")];

describe("The fleet of a Pulumi project", () => {
  let folder: string;
  let store: ReleaseStore;
  let fleet: RealFleet;
  /** The commands of Pulumi, with the run that its program is told. */
  let commands: string[];
  /** What the stack holds, by `<cluster>/<app>`. */
  let sets: Record<string, object>;
  let onUp: () => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-fleet-"));
    store = await openReleaseStore({
      reference: pathToFileURL(join(folder, "store")).href,
      key: "0f".repeat(32),
    });
    commands = [];
    sets = {};
    onUp = () => undefined;
    fleet = new RealFleet({
      store,
      lock: join(folder, "fleet.lock.json"),
      stack: "prod",
      run: "this-run",
      pulumi: (variables) => ({
        read: (args) => {
          commands.push([...Object.values(variables), ...args].join(" "));
          return new Promise((resolve) => {
            if (args[0] === "up") onUp();
            resolve(args[1] === "export" ? exported() : "");
          });
        },
      }),
    });
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const exported = (): string => {
    const resources = Object.entries(sets).map(([name, outputs]) => ({
      urn: `urn:pulumi:prod::shop::keelson:index:Workload$keelson:index:AppliedSet::${name}`,
      type: "keelson:index:AppliedSet",
      inputs: { cluster: name.split("/")[0], clusterId: "id", release: one },
      outputs,
    }));
    return JSON.stringify({ version: 3, deployment: { resources } });
  };

  it("lets the program render, and takes what it offers in this run", async () => {
    await store.writeRecord("apps/shop", { ...offerOf(one, [["eu1"]]), run: "this-run" });
    await store.writeRecord("apps/other", { ...offerOf(one, [["eu1"]]), run: "yesterday" });

    const offers = await fleet.render();

    assert.deepEqual([...offers.keys()], ["shop"]);
    assert.deepEqual(commands, [
      "stack export --non-interactive --stack prod",
      "this-run [] preview --non-interactive --stack prod",
    ]);
    assert.deepEqual(parseLock(await readFile(join(folder, "fleet.lock.json"), "utf8")), emptyLock);
  });

  it("begins with what runs if there was no lock, so that nothing is deleted for want of one", async () => {
    sets["eu1/shop"] = { applied: two };

    await fleet.render();

    assert.deepEqual((await fleet.readLock()).releases, { shop: { eu1: two } });
  });

  it("updates with what succeeds beside what fails", async () => {
    await fleet.update("shop");

    assert.deepEqual(commands, [
      "up --yes --skip-preview --continue-on-error --non-interactive --stack prod",
      "stack export --non-interactive --stack prod",
    ]);
  });

  it("has the clusters alone looked at that an update is about", async () => {
    await fleet.update("shop", ["eu1", "us1"]);

    assert.equal(
      commands[0],
      '["eu1","us1"] up --yes --skip-preview --continue-on-error --non-interactive --stack prod',
    );
  });

  for (const [title, outputs, wanted, expected] of [
    ["has it", { applied: one, version: "v", pending: [] }, one, { state: "applied", version: "v" }],
    [
      "waits",
      { applied: two, version: "v", pending: [{ host: "eu1", what: "apply" }] },
      one,
      { state: "silent" },
    ],
    ["was never reached", { pending: [{ host: "eu1", what: "apply" }] }, one, { state: "silent" }],
    [
      "is not finished",
      { applied: two, unfinished: { reason: "no" } },
      one,
      { state: "failed", reason: "no" },
    ],
    ["has another one", { applied: two, version: "v" }, one, { state: "failed", reason: "Pulumi said no" }],
    ["is not in the stack", undefined, one, { state: "failed", reason: "Pulumi said no" }],
    ["is not to have it, and has not", undefined, undefined, { state: "gone" }],
  ] as const) {
    it(`finds in the stack that a cluster ${title}`, async () => {
      if (outputs !== undefined) sets["eu1/shop"] = outputs;
      await fleet.writeLock(
        wanted === undefined ? emptyLock : withReleases(emptyLock, "shop", { eu1: wanted }),
      );
      onUp = () => {
        throw new KeelsonError("KEELSON_COMMAND_FAILED", "Pulumi said no");
      };

      assert.deepEqual(await (await fleet.update("shop")).of("eu1"), expected);
    });
  }

  it("does not take another run's lock of the stack for a failure of the release", async () => {
    onUp = () => {
      throw new KeelsonError("KEELSON_COMMAND_FAILED", "error: the stack is currently locked by 1 lock(s)");
    };

    await assert.rejects(fleet.update("shop"), { message: /currently locked/ });
  });

  it("leaves the lock's file alone if it says the same", async () => {
    const lock = withReleases(emptyLock, "shop", { eu1: one });
    await fleet.writeLock(lock);
    const before = await stat(join(folder, "fleet.lock.json"));
    await fleet.writeLock(lock);

    assert.equal((await stat(join(folder, "fleet.lock.json"))).ino, before.ino);
  });

  it("keeps rollouts in the store, and knows the apps of both places", async () => {
    assert.equal(await fleet.readRollout("shop"), undefined);
    await fleet.writeRollout({ app: "shop", waves: [], targets: {} } as never);

    assert.equal((await fleet.readRollout("shop"))?.app, "shop");
    assert.deepEqual(await fleet.apps(withReleases(emptyLock, "docs", { eu1: one })), ["docs", "shop"]);
  });

  it("says that it does not know the way to a cluster", async () => {
    await assert.rejects(
      fleet.onCluster("stranger", () => Promise.resolve()),
      { code: "KEELSON_RELEASE_MISSING" },
    );
  });
});
