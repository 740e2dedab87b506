import assert from "node:assert/strict";
import { addressBy, isAllowed } from "../../clusters/address-policy.ts";
import type { HostAddress } from "../../clusters/facts.ts";

const addresses: readonly HostAddress[] = [
  { interface: "eth0", address: "203.0.113.5", prefixLength: 24, mtu: 1500 },
  { interface: "eth1", address: "fd00::5", prefixLength: 64, mtu: 1500 },
  { interface: "eth1", address: "10.0.0.5", prefixLength: 24, mtu: 1500 },
];

describe("an address policy", () => {
  it("picks the first IPv4 address in a range, or of an interface", () => {
    assert.equal(addressBy({ cidr: "10.0.0.0/8" }, addresses), "10.0.0.5");
    assert.equal(addressBy({ interface: "eth1" }, addresses), "10.0.0.5");
    assert.equal(addressBy({ cidr: "192.168.0.0/16" }, addresses), undefined);
    assert.equal(addressBy({ interface: "eth2" }, addresses), undefined);
  });

  it("allows only what the host has and the policy names", () => {
    assert.ok(isAllowed({ cidr: "10.0.0.0/8" }, addresses, "10.0.0.5"));
    assert.ok(!isAllowed({ cidr: "10.0.0.0/8" }, addresses, "10.0.0.6"));
    assert.ok(!isAllowed({ interface: "eth1" }, addresses, "203.0.113.5"));
  });
});
