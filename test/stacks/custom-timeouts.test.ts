import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { WorkloadArgs } from "../../stacks/components/workload.ts";
import { type MockedEngine, mockEngine } from "../support/mocked-engine.ts";
import { addWeb, deployMocked, mockedCluster } from "../support/mocked-workload.ts";

describe("The customTimeouts of a Workload", () => {
  let engine: MockedEngine;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "keelson-timeouts-"));
    engine = await mockEngine();
  });

  afterEach(async () => {
    engine.close();
    await rm(folder, { recursive: true, force: true });
  });

  const timeouts = async (args: Partial<WorkloadArgs>, options: object): Promise<readonly unknown[]> => {
    await deployMocked("shop", { clusters: [mockedCluster("edge")], app: addWeb, ...args }, options);
    return engine.registered
      .filter(({ type }) => type.startsWith("kubernetes:") || type.endsWith(":AppliedSet"))
      .map((each) => each.timeouts);
  };

  it("hold for each of its objects", async () => {
    const wanted = { create: "5m", update: "90s" };

    const found = await timeouts({}, { customTimeouts: wanted });

    assert.ok(found.length > 5);
    for (const each of found) assert.deepEqual(each, wanted);
  });

  it("hold for the set of each cluster", async () => {
    const set = { store: pathToFileURL(folder).href };

    assert.deepEqual(await timeouts({ engine: "set", set }, { customTimeouts: { update: "90s" } }), [
      { create: "", update: "90s" },
    ]);
  });

  it("are Pulumi's own if nobody says otherwise", async () => {
    for (const each of await timeouts({}, {})) assert.deepEqual(each, { create: "", update: "" });
  });
});
