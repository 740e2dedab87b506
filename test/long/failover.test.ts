import assert from "node:assert/strict";
import { printTables } from "../../bench/ha-tables.ts";
import { type Death, HaStory } from "../support/ha-story.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

/** What is promised: by then the API answers again, whoever asks. */
const promisedSeconds = 15;
/** A Node without a heartbeat for so long is not Ready any more. */
const heartbeatSeconds = 40;

describe("a cluster of three control planes and two workers", function () {
  this.timeout(900_000);
  let story: HaStory;

  before(async function () {
    skipWithoutLocalMachines(this);
    story = await HaStory.open("failover");
  });

  after(async () => {
    printTables(story);
    await story.close();
  });

  it("comes up from booted hosts, and takes an app", async () => {
    await story.create();
    await story.release("1", "deploy the app");

    assert.deepEqual(await story.readyNodes(), ["cp1", "cp2", "cp3", "w1", "w2"]);
  });

  survives("cp2", "each node is its own endpoint");
  survives("cp3", "each node is its own endpoint");

  it("keeps serving when it loses cp1, and its app can be changed meanwhile", async () => {
    judge(await story.kill("cp1"));

    await story.release("2", "change the app while the first control plane is dead");
    await story.recover("cp1");
  });

  it("moves to a virtual address", async () => {
    await story.move("vip");
  });

  survives("cp2", "an address moves");
  survives("cp3", "an address moves");

  it("puts another host in the place of the first one when that dies", async () => {
    judge(await story.kill("cp1"));
    await story.replace("cp1", "cp4");

    assert.deepEqual(await story.readyNodes(), ["cp2", "cp3", "cp4", "w1", "w2"]);
    await story.settle();
  });

  it("is destroyed", async () => {
    await story.destroy();
  });

  function survives(victim: string, where: string): void {
    it(`keeps serving when it loses ${victim}, where ${where}`, async () => {
      judge(await story.kill(victim));

      await story.recover(victim);
    });
  }
});

function judge({ clients, heartbeatSeconds: heartbeat, victim }: Death): void {
  for (const [name, { gapSeconds }] of Object.entries(clients)) {
    assert.ok(gapSeconds <= promisedSeconds, `${name} waited ${gapSeconds.toFixed(1)} s for ${victim}`);
  }
  assert.ok(heartbeat < heartbeatSeconds, `a worker was silent for ${heartbeat.toFixed(1)} s`);
}
