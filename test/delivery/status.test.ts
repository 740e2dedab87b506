import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { statusOf } from "../../delivery/status.ts";
import { keyOf } from "../../delivery/object-id.ts";
import { deployment, rolledOut } from "../support/objects.ts";
import { statusCorpus } from "../support/status-corpus.ts";

describe("statusOf", () => {
  it("says what kstatus of sigs.k8s.io/cli-utils says, of objects in hundreds of states", () => {
    // Written by the library itself: test/long/delivery.test.ts compares both anew.
    const golden = new URL("../golden/delivery/kstatus.json", import.meta.url);
    const said = JSON.parse(readFileSync(golden, "utf8")) as readonly string[];
    const objects = statusCorpus();

    const differing = objects
      .map((object, index) => ({ object, ours: statusOf(object).status, theirs: said[index] }))
      .filter(({ ours, theirs }) => ours !== (theirs === "Error" ? "Unknown" : theirs));

    assert.ok(objects.length > 500 && said.length === objects.length);
    assert.deepEqual(
      differing.map(({ object, ours, theirs }) => `${keyOf(object)}: ${ours}, not ${theirs}`),
      [],
    );
  });

  it("counts a status of the generation before for nothing, however good it is (Argo CD #29410)", () => {
    const web = deployment("web", { metadata: { generation: 2 }, status: rolledOut(1) });

    assert.deepEqual(statusOf(web), {
      status: "InProgress",
      message: "its status is of generation 1, the object is at 2",
    });
  });

  it("says in numbers what is missing", () => {
    const status = { ...rolledOut(1), readyReplicas: 1 };

    assert.equal(
      statusOf(deployment("web", { metadata: { generation: 1 }, status })).message,
      "1 of 2 ready pods",
    );
  });
});
