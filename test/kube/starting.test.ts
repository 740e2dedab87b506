import assert from "node:assert/strict";
import { KubeError } from "../../kube/errors.ts";
import { pastStart } from "../../kube/starting.ts";

const forbid = (): Promise<never> => Promise.reject(new KubeError("read /x", 403, "no"));

describe("pastStart", () => {
  it("believes a server that is ready", async () => {
    let sent = 0;
    const send = (): Promise<never> => {
      sent += 1;
      return forbid();
    };
    await assert.rejects(pastStart({ what: "read /x", send, isReady: () => Promise.resolve(true) }), {
      code: "KEELSON_API_REFUSED",
    });
    assert.equal(sent, 2);
  });

  it("calls a server unavailable that refuses and does not become ready", async () => {
    const request = { what: "read /x", send: forbid, isReady: () => Promise.resolve(false), pauseMs: 1 };
    await assert.rejects(pastStart({ ...request, patienceMs: 3 }), {
      code: "KEELSON_API_UNAVAILABLE",
      message: /^Cannot read \/x: the API server refuses it and is not ready: /,
    });
  });

  it("waits for nothing else than a refusal", async () => {
    const send = (): Promise<never> => Promise.reject(new KubeError("read /x", 404, ""));
    await assert.rejects(pastStart({ what: "read /x", send, isReady: () => assert.fail() }), {
      status: 404,
    });
  });

  it("ends with the run", async () => {
    const abort = new AbortController();
    const isReady = (): Promise<boolean> => {
      abort.abort();
      return Promise.resolve(false);
    };
    await assert.rejects(pastStart({ what: "read /x", send: forbid, isReady, signal: abort.signal }), {
      code: "KEELSON_ABORTED",
    });
  });
});
