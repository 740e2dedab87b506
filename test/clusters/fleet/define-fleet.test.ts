import assert from "node:assert/strict";
import fc from "fast-check";
import { isSameData } from "../../../clusters/data/stable-json.ts";
import { defineFleet } from "../../../clusters/fleet/define-fleet.ts";
import { fleetFactsSchema, parseFleetFacts } from "../../../clusters/fleet/facts-file.ts";
import type { FleetFacts } from "../../../clusters/fleet/facts-file.ts";
import type { ClusterFacts } from "../../../clusters/fleet/fleet.ts";
import { ProblemsError } from "../../../errors.ts";
import { fleets } from "../../support/fleets.ts";

const facts: FleetFacts = {
  version: 1,
  gatheredAt: "2026-11-21T10:00:00Z",
  clusters: {
    eu1: {
      kubernetes: "1.35.4",
      arch: "amd64",
      capacity: { cpu: 64, memoryGib: 256, pods: 330 },
      labels: { gen: "4" },
    },
  },
};

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    assert.ok(error instanceof ProblemsError);
    return error.problems.map(({ where, message }) => `${where}: ${message}`);
  }
}

describe("defineFleet()", () => {
  it("sorts clusters by name and fills in what is empty", () => {
    assert.deepEqual(defineFleet({ us1: {}, eu1: { labels: { env: "prod" } } }), {
      clusters: [
        { name: "eu1", labels: { env: "prod" }, taints: [] },
        { name: "us1", labels: {}, taints: [] },
      ],
    });
  });

  it("lays what is declared over what was gathered", () => {
    const declared: ClusterFacts = { labels: { env: "prod" }, capacity: { cpu: 32, memoryGib: 128 } };

    assert.deepEqual(defineFleet({ eu1: declared }, facts), {
      gatheredAt: "2026-11-21T10:00:00Z",
      clusters: [
        {
          name: "eu1",
          kubernetes: "1.35.4",
          arch: "amd64",
          capacity: { cpu: 32, memoryGib: 128 },
          labels: { gen: "4", env: "prod" },
          taints: [],
        },
      ],
    });
  });

  it("names everything that is wrong at once, with paths and the words that were meant", () => {
    const wrong = {
      Eu1: {},
      eu2: { regoin: "eu", capacity: { cpu: -1 }, taints: [{ key: "gpu", effect: "NoSchedul" }] },
    } as unknown as Readonly<Record<string, ClusterFacts>>;

    assert.deepEqual(
      problemsOf(() => defineFleet(wrong, facts)),
      [
        'clusters.Eu1: "Eu1" is not a lower-case label of at most 63 characters',
        'clusters.eu2.regoin: there is no such property, did you mean "region"?',
        "clusters.eu2.capacity.memoryGib: it is missing",
        "clusters.eu2.capacity.cpu: -1 is not a number from 0 on",
        'clusters.eu2.taints[0].effect: "NoSchedul" is none of NoSchedule, PreferNoSchedule, NoExecute, did you mean "NoSchedule"?',
        'facts.clusters.eu1: the fleet has no cluster of this name, did you mean "Eu1"?',
      ],
    );
  });

  it("refuses labels that would hide a property", () => {
    assert.deepEqual(
      problemsOf(() => defineFleet({ eu1: { labels: { region: "eu" } } })),
      ['clusters.eu1.labels.region: "region" is a property of the cluster, not a label'],
    );
  });
});

describe("parseFleetFacts()", () => {
  it("takes every fleet that was written down", () => {
    fc.assert(
      fc.property(fleets, ({ clusters }) => {
        const written: unknown = JSON.parse(
          JSON.stringify({
            ...facts,
            clusters: Object.fromEntries(clusters.map(({ name, ...rest }) => [name, rest])),
          }),
        );

        assert.ok(isSameData(defineFleet(parseFleetFacts(written).clusters).clusters, clusters));
      }),
    );
  });

  for (const [title, content, problem] of [
    ["no object", [], "all of it: a list is not an object"],
    ["another version", { ...facts, version: 2 }, "version: 2 is none of 1"],
    ["no time", { version: 1, clusters: {} }, "gatheredAt: it is missing"],
    [
      "a time of the computer's own",
      { ...facts, gatheredAt: "yesterday" },
      'gatheredAt: "yesterday" is not a time such as 2026-11-21T10:00:00Z',
    ],
  ] as const) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(
        problemsOf(() => parseFleetFacts(content)),
        [problem],
      );
    });
  }

  it("has a schema that says the same", () => {
    assert.deepEqual(fleetFactsSchema["required"], ["version", "gatheredAt", "clusters"]);
    assert.equal(fleetFactsSchema["additionalProperties"], false);
    assert.match(JSON.stringify(fleetFactsSchema), /"memoryGib":\{"type":"number","minimum":0\}/);
  });
});
