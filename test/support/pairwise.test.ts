import assert from "node:assert/strict";
import fc from "fast-check";
import { pairwise } from "./pairwise.ts";

describe("pairwise()", () => {
  it("brings every two values of two factors together", () => {
    const factors = fc.dictionary(
      fc.constantFrom("a", "b", "c", "d", "e"),
      fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 4 }),
      { minKeys: 2, noNullPrototype: true },
    );
    fc.assert(
      fc.property(factors, (given) => {
        const rows = pairwise(given);
        for (const [one, ones] of Object.entries(given)) {
          for (const [other, others] of Object.entries(given)) {
            if (one === other) continue;
            for (const left of ones) {
              for (const right of others) {
                assert.ok(rows.some((row) => row[one] === left && row[other] === right));
              }
            }
          }
        }
      }),
    );
  });

  it("needs far fewer rows than all combinations", () => {
    const two = [false, true];
    const rows = pairwise({ a: two, b: two, c: two, d: two, e: two, f: two, g: two, h: two });
    assert.ok(rows.length <= 12, `${rows.length} rows`);
  });
});
