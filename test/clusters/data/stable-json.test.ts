import assert from "node:assert/strict";
import fc from "fast-check";
import { isSameData, stableJson } from "../../../clusters/data/stable-json.ts";

describe("stableJson()", () => {
  it("gives equal data equal bytes and loses nothing", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (data) => {
        const reversed = Object.fromEntries(Object.entries(data).reverse());

        assert.equal(stableJson(reversed), stableJson(data));
        assert.equal(stableJson(JSON.parse(stableJson(data))), stableJson(data));
        assert.deepEqual(JSON.parse(stableJson(data)), JSON.parse(JSON.stringify(data)));
      }),
    );
  });

  it("keeps the order of lists", () => {
    assert.ok(!isSameData({ a: [1, 2] }, { a: [2, 1] }));
    assert.ok(isSameData({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 }));
  });
});
