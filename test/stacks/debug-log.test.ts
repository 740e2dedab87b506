import assert from "node:assert/strict";
import { withoutResponse } from "../../stacks/debug-log.ts";

describe("withoutResponse", () => {
  it("hides what a call returned, however many lines it has", () => {
    const line = "RegisterResource RPC finished: resource:a[b]; err: null, resp: ";

    assert.equal(withoutResponse(`${line}urn,,a-key\n-----END-----\n, resp: more`), `${line}[hidden]`);
  });

  it("leaves every other line as it is", () => {
    const line = "Registering resource: t=a, name=b, custom=true, remote=false";

    assert.equal(withoutResponse(line), line);
  });
});
