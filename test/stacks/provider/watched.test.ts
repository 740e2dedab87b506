import assert from "node:assert/strict";
import { watchedClusters, watchedValue } from "../../../stacks/provider/watched.ts";

describe("The clusters that a run is about", () => {
  for (const [title, value, wanted] of [
    ["are all where nothing says so", "", [true, true]],
    ["are those that are named", watchedValue(["eu1"]), [true, false]],
    ["may be none", watchedValue([]), [false, false]],
    [
      "are all if they are too many for a variable",
      watchedValue(Array.from({ length: 5000 }, (_, index) => `a-long-name-of-a-cluster-${index}`)),
      [true, true],
    ],
  ] as const) {
    it(title, () => {
      const isWatched = watchedClusters(value);

      assert.deepEqual(["eu1", "us1"].map(isWatched), wanted);
    });
  }
});
