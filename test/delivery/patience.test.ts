import assert from "node:assert/strict";
import { refusalClass, withPatience } from "../../delivery/patience.ts";
import { KeelsonError } from "../../errors.ts";
import { KubeError } from "../../kube/errors.ts";

function refusal(status: number, cause?: string, reason = "InternalError", message = "no"): KubeError {
  const details = cause === undefined ? {} : { causes: [{ reason: cause }] };
  return new KubeError("change it", status, JSON.stringify({ message, reason, details }));
}

const noAddress = 'Service "web" is invalid: failed to allocate IP: etcdserver: request timed out';

const unserved = new KeelsonError("KEELSON_API_REFUSED", "Cannot find Widget: the cluster does not serve it");

describe("refusalClass", () => {
  for (const [title, error, isExpected, wanted] of [
    ["a field of somebody else is final", refusal(409, "FieldManagerConflict"), true, "final"],
    ["another writer that was faster is tried at once", refusal(409), false, "again"],
    ["a webhook that does not answer is waited for", refusal(500), false, "later"],
    ["an object that does not fit its schema is final", refusal(500, undefined, ""), true, "final"],
    ["a server that is too busy is waited for", refusal(429), false, "later"],
    ["a namespace that is going is waited for", refusal(403, "NamespaceTerminating"), false, "later"],
    ["a missing right is final", refusal(403), false, "final"],
    [
      "an address that etcd did not give in time is waited for",
      refusal(422, "FieldValueInvalid", "Invalid", noAddress),
      false,
      "later",
    ],
    ["an invalid object is final", refusal(422), true, "final"],
    ["a namespace that the run makes is waited for", refusal(404), true, "later"],
    ["a namespace that nobody makes is final", refusal(404), false, "final"],
    ["a kind that the run defines is waited for", unserved, true, "later"],
    ["a kind that nobody defines is final", unserved, false, "final"],
    [
      "a cluster that is away is the client's matter",
      new KeelsonError("KEELSON_API_UNAVAILABLE", "x"),
      true,
      "final",
    ],
    ["an error of the program is final", new Error("x"), true, "final"],
  ] as const) {
    it(title, () => {
      assert.equal(refusalClass(error, isExpected), wanted);
    });
  }
});

describe("withPatience", () => {
  it("sends again until the refusal has passed, and says why it waits", async () => {
    const refusals = [refusal(409), refusal(500), refusal(409)];
    const waits: string[] = [];

    const answer = await withPatience({
      what: "apply it",
      signal: undefined,
      onWaiting: (why) => waits.push(why),
      send: () => {
        const next = refusals.shift();
        return next === undefined ? Promise.resolve("done") : Promise.reject(next);
      },
    });

    assert.equal(answer, "done");
    assert.deepEqual(waits, ["Cannot change it: no"]);
  });

  it("ends with the patience, with the last refusal", async () => {
    const sending = withPatience({
      what: "apply it",
      signal: undefined,
      patienceMs: 0,
      send: () => Promise.reject(refusal(500)),
    });

    await assert.rejects(sending, { code: "KEELSON_API_REFUSED", status: 500 });
  });

  it("ends with the run", async () => {
    const abort = new AbortController();
    const sending = withPatience({
      what: "apply it",
      signal: abort.signal,
      send: () => {
        abort.abort();
        return Promise.reject(refusal(500));
      },
    });

    await assert.rejects(sending, {
      code: "KEELSON_ABORTED",
      message: "Cannot apply it: the run was cancelled",
    });
  });
});
