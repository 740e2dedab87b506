import assert from "node:assert/strict";
import { selects } from "../../kube/label-selector.ts";

describe("selects", () => {
  const labels = { app: "web", tier: "front" };
  const cases = [
    ["In", ["web", "api"], true],
    ["In", ["api"], false],
    ["NotIn", ["api"], true],
    ["NotIn", ["web"], false],
    ["Exists", [], true],
    ["DoesNotExist", [], false],
  ] as const;
  for (const [operator, values, expected] of cases) {
    it(`reads "app ${operator} ${values.join(" ")}"`, () => {
      const matchExpressions = [{ key: "app", operator, values }];
      assert.equal(selects({ matchExpressions, matchLabels: { tier: "front" } }, labels), expected);
    });
  }

  it("takes everything if it is empty and nothing if it is missing", () => {
    assert.deepEqual([selects({}, labels), selects(null, labels), selects(undefined)], [true, false, false]);
  });

  it("takes an object without the label where that is wanted", () => {
    assert.ok(selects({ matchExpressions: [{ key: "zone", operator: "NotIn", values: ["a"] }] }, labels));
    assert.ok(selects({ matchExpressions: [{ key: "zone", operator: "DoesNotExist" }] }, labels));
  });
});
