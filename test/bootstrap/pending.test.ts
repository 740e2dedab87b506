import assert from "node:assert/strict";
import { listPending } from "../../bootstrap/pending.ts";
import { KeelsonError } from "../../errors.ts";
import { operationOn } from "../support/bootstrap.ts";

describe("listPending", () => {
  it("collects what an apply would do, as a preview", async () => {
    const { operation, intents } = operationOn([]);
    const pending = await listPending(operation, ({ preview, onIntent }) => {
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
    assert.equal(await listPending(operation, () => Promise.reject(silence)), undefined);
    assert.deepEqual(said, ["Cannot reach the API server"]);
  });

  it("lets every other failure through", async () => {
    const { operation } = operationOn([]);
    const fault = new KeelsonError("KEELSON_INTERNAL", "Cannot count");
    await assert.rejects(
      listPending(operation, () => Promise.reject(fault)),
      fault,
    );
  });
});
