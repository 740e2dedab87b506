import assert from "node:assert/strict";
import { labelProblems, taintProblems } from "../../../clusters/settings/node-marks.ts";

describe("marks of Nodes", () => {
  it("accept what Kubernetes takes", () => {
    const labels = { tier: "general", "example.org/gpu": "", "node-role.kubernetes.io/batch": "true" };
    assert.deepEqual(labelProblems(labels), []);
    assert.deepEqual(
      taintProblems([
        { key: "dedicated", value: "batch", effect: "NoSchedule" },
        { key: "dedicated", effect: "NoExecute" },
      ]),
      [],
    );
  });

  const refused: readonly (readonly [string, readonly { readonly message: string }[], RegExp])[] = [
    ["a key with a space", labelProblems({ "my tier": "x" }), /not a key of Kubernetes/],
    ["a value that is too long", labelProblems({ tier: "x".repeat(64) }), /not a value/],
    [
      "a label of Kubernetes' own",
      labelProblems({ "kubernetes.io/hostname": "x" }),
      /sets this label itself/,
    ],
    ["an effect that there is not", taintProblems([{ key: "a", effect: "Never" as "NoExecute" }]), /none of/],
    [
      "a taint given twice",
      taintProblems([
        { key: "a", effect: "NoSchedule" },
        { key: "a", value: "b", effect: "NoSchedule" },
      ]),
      /twice/,
    ],
  ];
  for (const [what, problems, expected] of refused) {
    it(`refuse ${what}`, () => {
      assert.match(problems[0]?.message ?? "", expected);
    });
  }
});
