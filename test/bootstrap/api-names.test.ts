import assert from "node:assert/strict";
import fc from "fast-check";
import { apiServerNames } from "../../bootstrap/api-names.ts";
import { completeEndpoint } from "../../clusters/endpoint.ts";
import { cluster } from "../support/bootstrap.ts";

const hosts = (...addresses: string[]): { nodeAddress: string; connection: undefined }[] =>
  addresses.map((nodeAddress) => ({ nodeAddress, connection: undefined }));

describe("apiServerNames", () => {
  it("carries the endpoint, all control-plane hosts, the loopback and the service", () => {
    const addresses = { cp1: "10.0.0.11", cp2: "10.0.0.12" };
    const endpoint = completeEndpoint({ vip: "10.0.0.100" }, addresses);
    assert.deepEqual(
      apiServerNames(
        { ...cluster, endpoint, controlPlane: { certSans: ["api.edge"] } },
        hosts(...Object.values(addresses)),
      ),
      ["10.0.0.100", "10.0.0.11", "10.0.0.12", "10.96.0.1", "127.0.0.1", "api.edge", "localhost"],
    );
  });

  it("carries the address that SSH dials, too", () => {
    const connection = { address: "203.0.113.7" };
    assert.ok(apiServerNames(cluster, [{ nodeAddress: "10.0.0.11", connection }]).includes("203.0.113.7"));
  });

  it("is the same whatever the order of the hosts, and repeats nothing", () => {
    const addresses = fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(addresses, fc.array(fc.domain(), { maxLength: 3 }), (some, more) => {
        const named = (certSans: string[]) => ({ ...cluster, controlPlane: { certSans } });
        const names = apiServerNames(named(more), hosts(...some));
        assert.deepEqual(names, apiServerNames(named(more.toReversed()), hosts(...some.toReversed())));
        assert.equal(new Set(names).size, names.length);
        for (const name of [...some, ...more, cluster.endpoint.host]) assert.ok(names.includes(name));
      }),
    );
  });
});
