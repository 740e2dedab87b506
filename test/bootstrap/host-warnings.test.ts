import assert from "node:assert/strict";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import { hostWarnings } from "../../bootstrap/host-warnings.ts";
import type { HostAddress, HostFacts } from "../../clusters/facts.ts";

const stock = blankFacts({ name: "a" });
const hosts = [
  { name: "a", nodeAddress: "10.0.0.1" },
  { name: "b", nodeAddress: "10.0.0.2" },
];

function link(address: string, mtu: number): HostAddress {
  return { interface: "eth0", address, prefixLength: 24, mtu };
}

describe("hostWarnings", () => {
  it("has nothing to say about usual hosts", () => {
    assert.deepEqual(hostWarnings(hosts, { a: stock, b: stock }, {}), []);
  });

  const cases: readonly (readonly [string, Partial<HostFacts>, RegExp])[] = [
    ["a clock that nothing keeps", { timeService: "" }, /^nothing keeps its clock right: install chrony/],
    [
      "a name server that pods cannot ask",
      { names: { ...stock.names, nameservers: ["127.0.0.1"] } },
      /^\/etc\/resolv\.conf names 127\.0\.0\.1/,
    ],
    ["a slow disk", { syncMs: 24.5 }, /takes 24\.5 ms to sync .*wants 10 ms/],
    [
      "legacy iptables",
      { security: { ...stock.security, legacyTables: ["filter"] } },
      /^legacy iptables filters beside nftables \(filter\)/,
    ],
    [
      "two ways out",
      {
        routes: [
          { destination: "default", interface: "eth0" },
          { destination: "default", interface: "eth1" },
        ],
      },
      /^has default routes by eth0 and eth1/,
    ],
  ];
  for (const [what, facts, message] of cases) {
    it(`names ${what}`, () => {
      const found = hostWarnings(hosts, { a: { ...stock, ...facts }, b: stock }, {});

      assert.deepEqual(
        found.map(({ host }) => host),
        ["a"],
      );
      assert.match(found[0]?.message ?? "", message);
    });
  }

  it("expects no time service of a container, and takes a stub resolver with servers behind it for a usual one", () => {
    const container = { ...stock, timeService: "", virtualization: "systemd-nspawn" };
    const stub = {
      ...stock,
      names: { ...stock.names, nameservers: ["127.0.0.53"], upstream: "/run/systemd/resolve/resolv.conf" },
    };

    assert.deepEqual(hostWarnings(hosts, { a: container, b: stub }, {}), []);
  });

  it("names the host that carries smaller packets than the others", () => {
    const a = { ...stock, addresses: [link("10.0.0.1", 1400)] };
    const b = { ...stock, addresses: [link("10.0.0.2", 1500)] };

    assert.deepEqual(
      hostWarnings(hosts, { a, b }, {}).map(({ message }) => message),
      ["eth0 carries packets of 1400 bytes, other hosts send 1500: set network.mtu to 1350"],
    );
    assert.deepEqual(hostWarnings(hosts, { a, b }, { mtu: 1350 }), []);
  });
});
