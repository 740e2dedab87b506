import assert from "node:assert/strict";
import { livingWay } from "../../kube/first-living.ts";

describe("livingWay", () => {
  it("tries the way that worked last before all others, and the others when that one is gone", async () => {
    const tried: string[] = [];
    const living = new Set(["second", "third"]);
    const ways = ["first", "second", "third"].map((name) => () => {
      tried.push(name);
      return living.has(name) ? Promise.resolve(name) : Promise.reject(new Error(`${name} is dead`));
    });
    const dial = livingWay(ways, 1000, () => undefined);

    assert.equal(await dial(), "second");
    assert.equal(await dial(), "second");
    living.delete("second");
    assert.equal(await dial(), "third");
    assert.deepEqual(tried, ["first", "second", "second", "second", "first", "third"]);
  });

  it("gives up what a silent way brings too late", async () => {
    const late: string[] = [];
    const given = Promise.withResolvers<string>();
    const dial = livingWay([() => given.promise, () => Promise.resolve("quick")], 5, (value) =>
      late.push(value),
    );

    assert.equal(await dial(), "quick");
    given.resolve("slow");
    await given.promise;
    await Promise.resolve();
    assert.deepEqual(late, ["slow"]);
  });
});
