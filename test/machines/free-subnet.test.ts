import assert from "node:assert/strict";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { freeSubnet, nthAddress } from "../../machines/free-subnet.ts";

/** Twelve of them, as many as a test uses, cover at most three quarters of the range that is chosen from. */
const shortestPrefix = 14;
const byte = fc.integer({ min: 0, max: 255 });
const network = fc
  .tuple(fc.tuple(fc.constant(10), byte, byte, byte), fc.integer({ min: shortestPrefix, max: 32 }))
  .map(([address, prefix]) => `${address.join(".")}/${String(prefix)}`);

describe("freeSubnet", () => {
  it("overlaps none of the used networks, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(network, { maxLength: 12 }), fc.string(), (used, seed) => {
        const found = ipaddr.IPv4.parseCIDR(freeSubnet(used, seed));
        for (const other of used.map((text) => ipaddr.IPv4.parseCIDR(text))) {
          assert.ok(
            !found[0].match(other) && !other[0].match(found),
            `${String(found)} overlaps ${String(other)}`,
          );
        }
      }),
    );
  });

  it("is a /24 that clusters don't use by default", () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const [address, prefix] = ipaddr.IPv4.parseCIDR(freeSubnet([], seed));
        assert.equal(prefix, 24);
        assert.ok(address.match(ipaddr.IPv4.parseCIDR("10.128.0.0/10")));
        assert.ok(!address.match(ipaddr.IPv4.parseCIDR("10.244.0.0/16")));
      }),
    );
  });

  it("is the same for the same seed, and another once that is used", () => {
    const first = freeSubnet([], "fleet");

    assert.equal(freeSubnet([], "fleet"), first);
    assert.notEqual(freeSubnet([first], "fleet"), first);
  });

  it("finds the only network that is left", () => {
    const count = (length: number, text: (index: number) => string): string[] =>
      Array.from({ length }, (_, index) => text(index));
    const most = count(64, (index) => `10.${String(128 + index)}.0.0/16`).toSpliced(22, 1);
    const rest = count(256, (index) => `10.150.${String(index)}.0/24`);
    const used = [...most, ...rest];

    assert.equal(freeSubnet([...most, ...rest.toSpliced(99, 1)], "fleet"), rest[99]);
    assert.throws(() => freeSubnet(used, "fleet"), /Cannot choose a subnet/);
  });

  it("ignores what is no IPv4 network", () => {
    assert.equal(
      freeSubnet(["fd00::/64", "", "nonsense", "300.1.1.1/8", "10.0.0.0/40"], "a"),
      freeSubnet([], "a"),
    );
  });
});

describe("nthAddress", () => {
  it("replaces the last number of the network", () => {
    assert.equal(nthAddress("10.128.0.0/24", 7), "10.128.0.7");
  });
});
