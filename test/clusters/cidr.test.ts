import assert from "node:assert/strict";
import fc from "fast-check";
import { cidrAround, contains, formatCidr, nthAddress, overlaps, parseCidr } from "../../clusters/cidr.ts";

const range = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, length]) => {
  const found = cidrAround(address, length);
  assert.ok(found);
  return { address, found };
});

describe("address ranges", () => {
  it("contain the address around which they are drawn, and read back as written", () => {
    fc.assert(
      fc.property(range, ({ address, found }) => {
        assert.ok(contains(found, address));
        assert.deepEqual(formatCidr(parseCidr(formatCidr(found)) ?? found), formatCidr(found));
      }),
    );
  });

  it("overlap exactly when one contains the other's first address", () => {
    fc.assert(
      fc.property(range, range, ({ found: left }, { found: right }) => {
        const nested = contains(left, right[0].toString()) || contains(right, left[0].toString());
        assert.equal(overlaps(left, right), nested);
        assert.equal(overlaps(right, left), nested);
      }),
    );
  });

  it("never overlap across families", () => {
    const [four, six] = [parseCidr("0.0.0.0/0"), parseCidr("::/0")];
    assert.ok(four && six && !overlaps(four, six));
  });

  it("count their addresses across byte borders", () => {
    const found = parseCidr("10.0.0.0/8");
    assert.ok(found);
    assert.equal(nthAddress(found, 10), "10.0.0.10");
    assert.equal(nthAddress(found, 256), "10.0.1.0");
  });

  it("are not what has bits beyond the prefix", () => {
    assert.equal(parseCidr("10.0.0.1/24"), undefined);
    assert.equal(parseCidr("10.0.0.0/33"), undefined);
  });
});
