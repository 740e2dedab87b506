import assert from "node:assert/strict";
import { App } from "cdk8s";
import { findingsOf } from "../../constructs/index.ts";
import { badStorage } from "../support/bad-input/storage.ts";
import { badTenancy } from "../support/bad-input/tenancy.ts";

describe("Bad input between two objects", () => {
  for (const [title, { code, at, bad, good }] of Object.entries({ ...badStorage, ...badTenancy })) {
    it(`is named with its path and a fix: ${title}`, () => {
      const app = new App();
      bad(app);
      const found = findingsOf(app);
      assert.deepEqual(
        found.map((finding) => [finding.code, finding.constructPath, finding.fieldPath]),
        [[code, ...at]],
      );
      assert.ok(found[0]?.fix);
      const twin = new App();
      good(twin);
      assert.deepEqual(findingsOf(twin), [], "the good twin must have no finding");
    });
  }
});
