import assert from "node:assert/strict";
import { HeadStart } from "../../bootstrap/head-start.ts";

describe("HeadStart", () => {
  const forever = new AbortController().signal;

  it("lets the others wait until it is over", async () => {
    const start = new HeadStart(60_000);
    const order: string[] = [];
    const others = start.wait(forever).then(() => order.push("others"));

    order.push("first");
    start.end();
    await others;
    await start.wait(forever);

    assert.deepEqual(order, ["first", "others"]);
  });

  it("ends by itself, and with the run", async () => {
    await new HeadStart(5).wait(forever);
    await new HeadStart(60_000).wait(AbortSignal.abort());
  });
});
