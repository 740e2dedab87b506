import assert from "node:assert/strict";
import { lateValue, WebService, type WebServiceProps } from "../../constructs/index.ts";
import { findingsAround, newChart, soundProps } from "../support/constructs.ts";

// The compiler fails if one of these compiles: `npm run types` is the first half of this test.
const refused: readonly WebServiceProps[] = [
  // @ts-expect-error: the port is text
  { ...soundProps, port: "8080" },
  // @ts-expect-error: the image has no tag
  { ...soundProps, image: "nginx" },
  // @ts-expect-error: there is no such property
  { ...soundProps, replica: 3 },
  // @ts-expect-error: there is no such size
  { ...soundProps, size: "huge" },
  // @ts-expect-error: memory without a unit
  { ...soundProps, size: { cpu: 1, memory: "512" } },
  // @ts-expect-error: a path begins with a slash
  { ...soundProps, health: { ready: "readyz" } },
  // @ts-expect-error: liveness alone shows nothing about readiness
  { ...soundProps, health: { live: "/healthz" } },
  // @ts-expect-error: a node port is a number or "any"
  { ...soundProps, expose: { nodePort: "30080" } },
  // @ts-expect-error: nobody is called so
  { ...soundProps, access: { from: ["everyone"] } },
  // @ts-expect-error: a program reads text
  { ...soundProps, env: { LIMIT: 5 } },
  // @ts-expect-error: wrong input cannot be excused
  { ...soundProps, allow: [{ code: "invalid-value", reason: "I insist" }] },
  // @ts-expect-error: names are never late
  { ...soundProps, name: lateValue<string>("web", { secret: false }) },
];

// And a patch knows the fields of its object.
const misspelled: WebServiceProps = {
  ...soundProps,
  // @ts-expect-error: the field is called hostAliases
  patch: { pod: { hostAlias: [] } },
};

describe("What the compiler refuses", () => {
  refused.forEach((props, index) => {
    it(`is an error at synthesis too, for those without a compiler: case ${index + 1}`, () => {
      const found = findingsAround(new WebService(newChart(), "web", props));
      assert.ok(found.some(({ severity }) => severity === "error"));
    });
  });

  it("is written out in a patch, since a newer cluster may know it", () => {
    assert.deepEqual(findingsAround(new WebService(newChart(), "web", misspelled)), []);
  });
});
