import assert from "node:assert/strict";
import { judgeBeginning } from "../../bootstrap/judge-target.ts";
import { blankView } from "../support/bootstrap.ts";

describe("judgeBeginning", () => {
  const blank = blankView("controlPlane");
  const kubernetes = { ...blank.facts.kubernetes, etcdData: true };
  const holder = { ...blank, facts: { ...blank.facts, kubernetes } };

  it("refuses a host without etcd data once the cluster was up", () => {
    const problems = judgeBeginning(blank, { exists: true });

    assert.deepEqual(
      problems.map(({ where, code }) => [where, code]),
      [["cp1", "KEELSON_CLUSTER_MAY_EXIST"]],
    );
  });

  it("accepts the host that has the data, the first host of all, and one that the user allows", () => {
    assert.deepEqual(judgeBeginning(holder, { exists: true }), []);
    assert.deepEqual(judgeBeginning(blank, {}), []);
    assert.deepEqual(judgeBeginning(blank, { exists: true, allowNewCluster: true }), []);
  });
});
