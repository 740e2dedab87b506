import assert from "node:assert/strict";

import { resourceTimes } from "../../bench/resource-times.ts";

describe("resourceTimes()", () => {
  const urn = (type: string, name: string): string =>
    `urn:pulumi:bench::keelson::keelson:index:C$${type}::${name}`;
  const lines = (...events: readonly object[]): string =>
    events.map((event) => `${JSON.stringify(event)}\n`).join("");

  it("tells when each created resource began and how long it took, and leaves out the quick ones", () => {
    const node = urn("keelson:index:WorkerNode", "east-w1");
    const machine = urn("keelson:index:LocalMachine", "east-w1");
    const log = lines(
      { timestamp: 100, preludeEvent: {} },
      { timestamp: 101, resourcePreEvent: { metadata: { urn: machine, op: "create" } } },
      { timestamp: 104, resOutputsEvent: { metadata: { urn: machine } } },
      { timestamp: 104, resourcePreEvent: { metadata: { urn: "urn:pulumi:b::k::t::quick", op: "create" } } },
      { timestamp: 104, resOutputsEvent: { metadata: { urn: "urn:pulumi:b::k::t::quick" } } },
      { timestamp: 105, resourcePreEvent: { metadata: { urn: node, op: "create" } } },
      { timestamp: 125, resOutputsEvent: { metadata: { urn: node } } },
    );

    assert.deepEqual(resourceTimes(log), [
      { name: "LocalMachine east-w1", begins: 1, takes: 3 },
      { name: "WorkerNode east-w1", begins: 5, takes: 20 },
    ]);
  });

  it("ignores what stayed the same", () => {
    const same = { metadata: { urn: urn("a:b:C", "x"), op: "same" } };

    assert.deepEqual(
      resourceTimes(lines({ timestamp: 1, resourcePreEvent: same }, { timestamp: 9, resOutputsEvent: same })),
      [],
    );
  });
});
