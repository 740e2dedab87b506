import assert from "node:assert/strict";
import fc from "fast-check";
import { didYouMean, nearest } from "../../../clusters/data/nearest.ts";

describe("nearest()", () => {
  const known = ["region", "provider", "zone"];

  for (const [typed, meant] of [
    ["regoin", "region"],
    ["Region", "region"],
    ["provder", "provider"],
    ["zones", "zone"],
    ["kubernetes", undefined],
    ["a", undefined],
  ] as const) {
    it(`takes "${typed}" for ${meant === undefined ? "nothing it knows" : `"${meant}"`}`, () => {
      assert.equal(nearest(typed, known), meant);
    });
  }

  it("finds a word that is known", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1 }), (words) => {
        assert.equal(nearest(words[0]!, words), words[0]);
      }),
    );
  });
});

describe("didYouMean()", () => {
  it("ends a message only if it has something to say", () => {
    assert.equal(didYouMean("eu", ["eu1"]), ', did you mean "eu1"?');
    assert.equal(didYouMean("x", ["eu1"]), "");
  });
});
