import assert from "node:assert/strict";
import { Limiter } from "../../remote/limiter.ts";

describe("Limiter", () => {
  it("lets the next one in when a place is given back", async () => {
    const limiter = new Limiter(1);
    const leave = await limiter.enter();
    const order: string[] = [];
    const second = limiter.enter().then((done) => {
      order.push("second");
      return done;
    });
    order.push("first");
    leave();
    leave();
    (await second)();
    assert.deepEqual(order, ["first", "second"]);
    assert.equal(limiter.held, 0);
  });

  it("forgets who no longer wants to wait", async () => {
    const limiter = new Limiter(1);
    const leave = await limiter.enter();
    const abort = new AbortController();
    const waiting = limiter.enter(abort.signal);
    abort.abort();
    await assert.rejects(waiting, { name: "AbortError" });
    leave();
    assert.equal(limiter.held, 0);
  });

  it("lets fewer in after its bound was lowered", async () => {
    const limiter = new Limiter(2);
    const [first, second] = [await limiter.enter(), await limiter.enter()];
    limiter.lowerTo(1);
    const third = limiter.enter();
    first();
    assert.equal(limiter.held, 1);
    second();
    (await third)();
    assert.equal(limiter.held, 0);
  });
});
