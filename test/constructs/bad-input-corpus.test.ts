import assert from "node:assert/strict";
import { badKinds } from "../support/bad-input/kinds.ts";
import { networkPairs } from "../support/bad-input/network-pairs.ts";
import { badPods } from "../support/bad-input/pods.ts";
import { routePairs } from "../support/bad-input/route-pairs.ts";
import { servicePairs } from "../support/bad-input/service-pairs.ts";
import { badStorage } from "../support/bad-input/storage.ts";
import { badTenancy } from "../support/bad-input/tenancy.ts";
import { badWiring } from "../support/bad-input/wiring.ts";

describe("The corpus of bad inputs", () => {
  it("has 80 of them at least, and 40 that lie between two objects", () => {
    const one = [badPods, badKinds, badWiring].flatMap((table) => Object.keys(table));
    const tables = [servicePairs, networkPairs, routePairs, badStorage, badTenancy];
    const two = tables.flatMap((table) => Object.keys(table));

    assert.ok(two.length >= 40, `${two.length} lie between two objects`);
    assert.ok(one.length + two.length >= 80, `${one.length + two.length} in all`);
    assert.equal(new Set([...one, ...two]).size, one.length + two.length, "no title stands twice");
  });
});
