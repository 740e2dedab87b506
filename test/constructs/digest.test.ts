import assert from "node:assert/strict";
import { digest } from "../../constructs/core/digest.ts";

describe("digest()", () => {
  it("tells texts apart, and is the same for the same text", () => {
    const digests = Array.from({ length: 10_000 }, (_value, index) => digest(`text ${index}`));
    assert.equal(new Set(digests).size, digests.length);
    assert.equal(digest("text 7"), digests[7]);
  });

  it("is eight hex digits, as the published constants of FNV-1a give", () => {
    // cbf29ce484222325 for the empty text, af63dc4c8601ec8c for "a"; both folded.
    assert.equal(digest(""), "4fd0bfc1");
    assert.equal(digest("a"), "296230c0");
  });
});
