import assert from "node:assert/strict";
import fc from "fast-check";
import { changesBetween } from "../../../stacks/provider/changes.ts";
import {
  hasUnknown,
  openTexts,
  reveal,
  Secret,
  secretTexts,
  toValue,
  unknown,
  unwrap,
  type Value,
  wrap,
} from "../../../stacks/provider/values.ts";
import { fromStruct, toStruct } from "../../../stacks/provider/wire.ts";

const key = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== "__proto__");
const leaf = fc.oneof(
  fc.string(),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(null),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf.map((item) => (Object.is(item, -0) ? 0 : item)),
    fc.constant(unknown),
    tie("value").map((inner) => new Secret(inner)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const properties = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true });

describe("property values", () => {
  it("come back from the wire as they went", () => {
    fc.assert(
      fc.property(value, (given) => {
        assert.deepEqual(unwrap(wrap(given)), given);
      }),
    );
  });

  it("come back from a protobuf message as they went", () => {
    fc.assert(
      fc.property(properties, (given) => {
        assert.deepEqual(fromStruct(toStruct(given)), given);
      }),
    );
  });

  it("do not differ from themselves, unless something is unknown", () => {
    fc.assert(
      fc.property(properties, (given) => {
        assert.equal(changesBetween(given, given).length > 0, hasUnknown(given));
      }),
    );
  });

  it("differ in both directions at the same places", () => {
    fc.assert(
      fc.property(properties, properties, (before, after) => {
        const paths = (from: Value, to: Value): string[] => changesBetween(from, to).map(({ path }) => path);
        assert.deepEqual(paths(before, after), paths(after, before));
      }),
    );
  });

  it("differ wherever their revealed content differs", () => {
    fc.assert(
      fc.property(properties, properties, (before, after) => {
        if (changesBetween(before, after).length > 0) return;
        assert.deepEqual(withoutNull(reveal(before)), withoutNull(reveal(after)));
      }),
    );
  });

  it("give up every text either as a secret or openly", () => {
    fc.assert(
      fc.property(value, (given) => {
        const all = openTexts(new Secret(given)).concat(secretTexts(new Secret(given)));
        assert.deepEqual([...openTexts(given), ...secretTexts(given)].sort(), all.sort());
      }),
    );
  });

  it("read output values: their secret mark stays, their dependencies go", () => {
    const signature = { "4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4" };
    assert.deepEqual(
      unwrap({ ...signature, value: "x", secret: true, dependencies: ["urn"] }),
      new Secret("x"),
    );
    assert.equal(unwrap({ ...signature }), unknown);
  });

  it("lose unknown properties when revealed", () => {
    const given = { address: unknown, key: new Secret(unknown), name: new Secret("w1"), list: [unknown] };
    assert.deepEqual(reveal(given), { name: "w1", list: [undefined] });
  });

  it("are made from plain data, without what is undefined", () => {
    assert.deepEqual(toValue({ a: undefined, b: [1, { c: null }] }), { b: [1, { c: null }] });
    assert.throws(() => toValue({ work: () => 1 }), /Cannot store a function/);
  });
});

function withoutNull(plain: unknown): unknown {
  if (Array.isArray(plain)) return plain.map((item) => withoutNull(item) ?? null);
  if (typeof plain !== "object" || plain === null) return plain;
  const entries = Object.entries(plain).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutNull(item)]));
}
