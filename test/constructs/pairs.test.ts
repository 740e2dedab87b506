import assert from "node:assert/strict";
import { findingsOf } from "../../constructs/index.ts";
import { networkPairs } from "../support/bad-input/network-pairs.ts";
import { Maker } from "../support/bad-input/pair.ts";
import { routePairs } from "../support/bad-input/route-pairs.ts";
import { servicePairs } from "../support/bad-input/service-pairs.ts";

describe("Objects that do not fit together", () => {
  const pairs = { ...servicePairs, ...networkPairs, ...routePairs };

  for (const [title, { build, code, at, profile }] of Object.entries(pairs)) {
    it(`are named with their place and a fix: ${title}`, () => {
      const [bad, good] = [new Maker(profile), new Maker(profile)];
      build(bad, false);
      build(good, true);

      const found = findingsOf(bad.app).filter((finding) => finding.code === code);
      assert.deepEqual(found.map(({ constructPath, fieldPath }) => [constructPath, fieldPath])[0], at);
      assert.ok(found.every(({ fix, message }) => fix.length > 0 && message.length > 0));
      assert.deepEqual(findingsOf(good.app), [], "the good twin must have no finding");
    });
  }

  it("are looked for in the whole app, and told of the scope that is asked for", () => {
    const make = new Maker();
    make.deployment("api", { namespace: "back" });
    make.service("api", { namespace: "back" });
    make.route("shop", { backend: { name: "api", namespace: "back", port: 80 } });
    const codes = (namespace: string): readonly string[] =>
      findingsOf(make.chart(namespace)).map((finding) => finding.code);
    assert.deepEqual(codes("shop"), ["grant-missing"]);
    assert.deepEqual(codes("back"), []);
  });
});
