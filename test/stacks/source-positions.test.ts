import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { withoutSourcePositions } from "../../stacks/source-positions.ts";
import { type MockedEngine, mockEngine } from "../support/mocked-engine.ts";

class Part extends pulumi.ComponentResource {
  constructor(name: string) {
    super("test:index:Part", name);
  }
}

describe("withoutSourcePositions", () => {
  let engine: MockedEngine;

  beforeEach(async () => {
    engine = await mockEngine();
  });

  afterEach(() => {
    engine.close();
  });

  it("keeps the program's places out of what is registered within, and in everything else", async () => {
    const before = new Part("before");
    const within = withoutSourcePositions(() => new Part("within"));
    const after = new Part("after");
    for (const { urn } of [before, within, after]) await engine.valueOf(urn);

    assert.equal(engine.find("within").positions, 0);
    for (const name of ["before", "after"]) assert.ok(engine.find(name).positions > 0, name);
  });

  it("leaves to errors their traces, and gives way to them", () => {
    const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
    let failure: Error | undefined;

    assert.throws(() =>
      withoutSourcePositions(() => {
        failure = new Error("the program's own");
        throw failure;
      }),
    );

    assert.match(failure?.stack ?? "", /source-positions\.test/);
    assert.deepEqual(Object.getOwnPropertyDescriptor(Error, "prepareStackTrace"), before);
  });
});
