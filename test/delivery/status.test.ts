import assert from "node:assert/strict";
import { statusOf } from "../../delivery/status.ts";
import { deployment, rolledOut } from "../support/objects.ts";

describe("statusOf", () => {
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
