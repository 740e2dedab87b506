import assert from "node:assert/strict";
import { listPending } from "../../bootstrap/pending.ts";
import { KeelsonError, ProblemsError } from "../../errors.ts";
import { operationOn } from "../support/bootstrap.ts";

describe("listPending", () => {
  it("collects what an apply would do, as a preview", async () => {
    const { operation, intents } = operationOn([]);
    const pending = await listPending(operation, "w1", ({ preview, onIntent }) => {
      onIntent({ host: "w1", what: `start (preview ${String(preview)})` });
      return Promise.resolve();
    });
    assert.deepEqual(pending, [{ host: "w1", what: "start (preview true)" }]);
    assert.deepEqual(intents, []);
  });

  it("says why nothing answered", async () => {
    const said: string[] = [];
    const { operation } = operationOn([], { onSilence: (why) => said.push(why) });
    const silence = new KeelsonError("KEELSON_API_UNAVAILABLE", "Cannot reach the API server");
    assert.equal(await listPending(operation, "w1", () => Promise.reject(silence)), undefined);
    assert.deepEqual(said, ["Cannot reach the API server"]);
  });

  it("takes a host that is not the one it was for work: the next apply goes on with it, or says why not", async () => {
    const { operation } = operationOn([]);
    const fail = (error: Error): ReturnType<typeof listPending> =>
      listPending(operation, "w1", () => Promise.reject(error));
    const owned = {
      code: "KEELSON_HOST_OWNED",
      where: "cp2",
      message: "belongs to another cluster",
    } as const;

    assert.deepEqual(await fail(new KeelsonError("KEELSON_HOST_KEY_CHANGED", "Cannot trust w1")), [
      { host: "w1", what: "look at the host anew: its SSH key changed" },
    ]);
    assert.deepEqual(await fail(new ProblemsError("change the hosts", [owned])), [
      { host: "cp2", what: "look at the host anew: it does not belong to the cluster any more" },
    ]);
  });

  it("lets every other failure through", async () => {
    const { operation } = operationOn([]);
    const fault = new KeelsonError("KEELSON_INTERNAL", "Cannot count");
    await assert.rejects(
      listPending(operation, "w1", () => Promise.reject(fault)),
      fault,
    );
  });
});
