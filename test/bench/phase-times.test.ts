import assert from "node:assert/strict";

import { phaseTimes } from "../../bench/phase-times.ts";

describe("phaseTimes()", () => {
  const urn = "urn:pulumi:bench::keelson::keelson:index:C$keelson:index:WorkerNode::east-w1";
  const says = (timestamp: number, message: string): object => ({
    timestamp,
    diagnosticEvent: { urn, message, severity: "info", ephemeral: true },
  });
  const lines = (...events: readonly object[]): string =>
    events.map((event) => `${JSON.stringify(event)}\n`).join("");

  it("tells how long a row said each thing, and leaves out the quick ones", () => {
    const log = lines(
      { timestamp: 100, preludeEvent: {} },
      says(102, "w1: claim the host"),
      says(102, "w1: join the cluster"),
      says(105, "w1: join the cluster"),
      { timestamp: 106, diagnosticEvent: { message: "no row", ephemeral: true } },
      says(107, "w1: wait until the Node is Ready"),
      { timestamp: 109, resOutputsEvent: { metadata: { urn } } },
    );

    assert.deepEqual(phaseTimes(log), [
      { resource: "WorkerNode east-w1", what: "w1: join the cluster", begins: 2, takes: 5 },
      { resource: "WorkerNode east-w1", what: "w1: wait until the Node is Ready", begins: 7, takes: 2 },
    ]);
  });
});
