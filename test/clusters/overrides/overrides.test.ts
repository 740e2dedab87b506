import assert from "node:assert/strict";
import fc from "fast-check";
import { defineFleet } from "../../../clusters/fleet/define-fleet.ts";
import { on, overrides, resolveOverrides } from "../../../clusters/overrides/overrides.ts";
import type { Overrides } from "../../../clusters/overrides/overrides.ts";
import { ProblemsError } from "../../../errors.ts";

interface Values {
  readonly tag: string;
  readonly storageClass: string;
  readonly replicas: readonly number[];
}

const fleet = defineFleet({
  dc1: { provider: "metal", region: "ams" },
  dc2: { provider: "metal", region: "fra" },
  eu1: { provider: "aws", region: "fra" },
});
const base: Values = { tag: "1.4.2", storageClass: "standard", replicas: [1] };

// The compiler fails if one of these compiles.
const refused: readonly (() => Overrides<Values>)[] = [
  // @ts-expect-error: there is no such value
  () => overrides(base, on.provider("metal", { storage: "local" })),
  // @ts-expect-error: a tag is a text
  () => overrides(base, on.cluster("eu1", { tag: 5 })),
];

function problemsOf(some: Overrides<Values>): readonly string[] {
  try {
    resolveOverrides(some, fleet);
    return [];
  } catch (error) {
    assert.ok(error instanceof ProblemsError);
    return error.problems.map(({ where, message }) => `${where}: ${message}`);
  }
}

describe("resolveOverrides()", () => {
  it("lets the smaller circle win, in whatever order the layers are written, and says who did", () => {
    const layers = [
      on.cluster<Values>("dc2", { tag: "1.5.0" }),
      on.region<Values>("fra", { tag: "1.4-eu", storageClass: "fast" }),
      on.provider<Values>("metal", { storageClass: "local", replicas: [2, 3] }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(layers, { minLength: 3 }), (shuffled) => {
        assert.deepEqual(resolveOverrides(overrides(base, ...shuffled), fleet), {
          dc1: {
            values: { tag: "1.4.2", storageClass: "local", replicas: [2, 3] },
            origins: { tag: "fleet", storageClass: "provider metal", replicas: "provider metal" },
          },
          dc2: {
            values: { tag: "1.5.0", storageClass: "fast", replicas: [2, 3] },
            origins: { tag: "cluster dc2", storageClass: "region fra", replicas: "provider metal" },
          },
          eu1: {
            values: { tag: "1.4-eu", storageClass: "fast", replicas: [1] },
            origins: { tag: "region fra", storageClass: "region fra", replicas: "fleet" },
          },
        });
      }),
    );
  });

  it("refuses two layers of one rank that say different things, but not the same", () => {
    const twice = (tag: string): Overrides<Values> =>
      overrides(
        base,
        on.region("fra", { tag: "a", replicas: [1, 2] }),
        on.region("fra", { tag, replicas: [1, 2] }),
      );

    assert.deepEqual(problemsOf(twice("b")), [
      "region fra.tag: two layers of this rank say different things",
    ]);
    assert.deepEqual(problemsOf(twice("a")), []);
  });

  it("refuses layers that mean nobody, with the name that was meant", () => {
    const typo = { of: "cluster", name: "eu2", values: { tga: "1" } } as unknown as ReturnType<
      typeof on.cluster<Values>
    >;

    assert.deepEqual(problemsOf(overrides(base, on.provider("metall", { tag: "1" }), typo)), [
      'provider metall: the fleet has no provider of this name, did you mean "metal"?',
      'cluster eu2: the fleet has no cluster of this name, did you mean "eu1"?',
      'cluster eu2.tga: the fleet has no such value, did you mean "tag"?',
    ]);
  });

  it("does not compile with values that the fleet does not have", () => {
    assert.equal(refused.length, 2);
  });
});
