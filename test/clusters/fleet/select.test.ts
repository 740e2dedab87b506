import assert from "node:assert/strict";
import { runsAtLeast, where } from "../../../clusters/fleet/select.ts";
import type { FleetCluster } from "../../../clusters/fleet/fleet.ts";

const cluster: FleetCluster = {
  name: "eu1",
  region: "eu-west-1",
  kubernetes: "1.35.4",
  labels: { env: "prod" },
  taints: [],
};

describe("where()", () => {
  for (const [title, selector, matches] of [
    ["a label", where({ env: "prod" }), true],
    ["any of several values", where({ env: ["dev", "prod"] }), true],
    ["properties as well as labels", where({ region: "eu-west-1", name: "eu1" }), true],
    ["all that is asked for", where({ env: "prod", region: "us-east-1" }), false],
    ["a label that is not there", where({ toString: "prod" }), false],
    ["a test of the program", where({}, ({ name }) => name === "eu2"), false],
  ] as const) {
    it(`looks at ${title}`, () => {
      assert.equal(selector.matches(cluster), matches);
    });
  }

  it("says what it looks for", () => {
    assert.equal(
      where({ env: "prod", region: ["eu", "us"] }, () => true).text,
      "env=prod, region=eu or us, the test of the program",
    );
  });

  it("refuses to look for nothing", () => {
    assert.throws(() => where({}), /use "everywhere\(\)"/);
  });
});

describe("runsAtLeast()", () => {
  for (const [version, expected] of [
    ["1.35", true],
    ["1.35.4", true],
    ["1.9.9", true],
    ["1.35.10", false],
    ["2.0", false],
  ] as const) {
    it(`says ${expected} for ${version}`, () => {
      assert.equal(runsAtLeast(cluster, version), expected);
    });
  }

  it("says false if the version is not known", () => {
    assert.equal(runsAtLeast({ name: "eu2", labels: {}, taints: [] }, "1.0"), false);
  });
});
