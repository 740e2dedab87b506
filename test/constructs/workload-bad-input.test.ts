import assert from "node:assert/strict";
import { badKinds } from "../support/bad-input/kinds.ts";
import { badPods } from "../support/bad-input/pods.ts";
import { badWiring } from "../support/bad-input/wiring.ts";
import { findingsAround } from "../support/constructs.ts";
import { workload } from "../support/workloads.ts";

describe("Bad input of a workload", () => {
  for (const [title, { of, bad, code = "invalid-value", at, good }] of Object.entries({
    ...badPods,
    ...badKinds,
    ...badWiring,
  })) {
    it(`is named with its path and a fix: ${title}`, () => {
      const found = findingsAround(workload(of, bad)).filter((finding) => finding.code === code);
      assert.deepEqual(
        found.map((finding) => [finding.constructPath, finding.fieldPath]),
        [["shop/app", at]],
      );
      assert.ok(found[0]?.fix);
      assert.deepEqual(findingsAround(workload(of, good)), [], "the good twin must have no finding");
    });
  }
});
