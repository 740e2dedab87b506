import assert from "node:assert/strict";
import { apiPortOf, authorityOf, clientServers, completeEndpoint } from "../../clusters/endpoint.ts";
import { defineCluster } from "../../clusters/define-cluster.ts";
import type { EndpointSpec } from "../../clusters/endpoint.ts";
import { ProblemsError } from "../../errors.ts";

const one = { cp1: "10.0.0.11" };
const three = { cp1: "10.0.0.11", cp2: "10.0.0.12", cp3: "10.0.0.13" };

function messagesFor(endpoint: EndpointSpec, addresses: Readonly<Record<string, string>>): readonly string[] {
  const hosts = Object.entries(addresses).map(([name, address]) => [name, { role: "controlPlane", address }]);
  try {
    defineCluster({
      name: "edge",
      kubernetes: "1.35.4",
      endpoint,
      hosts: Object.fromEntries(hosts) as Parameters<typeof defineCluster>[0]["hosts"],
    });
    return [];
  } catch (error) {
    assert.ok(error instanceof ProblemsError);
    return error.problems.filter(({ where }) => where === "endpoint").map(({ message }) => message);
  }
}

describe("completeEndpoint", () => {
  it("is one host's address, and a balancer on each node for several", () => {
    assert.deepEqual(completeEndpoint(undefined, one), { mode: "address", host: "10.0.0.11", port: 6443 });
    const local = { mode: "nodeLocal", host: "127.0.0.1", port: 7443, peers: three };
    assert.deepEqual(completeEndpoint(undefined, three), local);
    assert.deepEqual(completeEndpoint("nodeLocal", three), local);
  });

  it("takes every form, with its port", () => {
    assert.deepEqual(completeEndpoint({ vip: "10.0.0.100" }, three), {
      mode: "vip",
      host: "10.0.0.100",
      port: 6443,
    });
    assert.deepEqual(completeEndpoint({ external: "api.example.com", port: 443 }, three), {
      mode: "external",
      host: "api.example.com",
      port: 443,
    });
    assert.deepEqual(completeEndpoint({ address: "10.0.0.11", port: 8443 }, one), {
      mode: "address",
      host: "10.0.0.11",
      port: 8443,
    });
  });
});

describe("apiPortOf", () => {
  it("is the endpoint's port only where the endpoint is the API server itself", () => {
    assert.equal(apiPortOf(completeEndpoint({ vip: "10.0.0.100", port: 8443 }, three)), 8443);
    assert.equal(apiPortOf(completeEndpoint({ address: "10.0.0.11", port: 8443 }, one)), 8443);
    assert.equal(apiPortOf(completeEndpoint({ external: "api.example.com", port: 443 }, three)), 6443);
    assert.equal(apiPortOf(completeEndpoint("nodeLocal", three)), 6443);
  });
});

describe("clientServers", () => {
  it("is the endpoint, but each control-plane host where the endpoint is on the nodes", () => {
    assert.deepEqual(clientServers(completeEndpoint({ vip: "fd00::64" }, three), "edge"), {
      edge: "https://[fd00::64]:6443",
    });
    const { cp3, cp1, cp2 } = three;
    assert.deepEqual(clientServers(completeEndpoint("nodeLocal", { cp3, cp1, cp2 }), "edge"), {
      edge: "https://10.0.0.11:6443",
      "edge-cp1": "https://10.0.0.11:6443",
      "edge-cp2": "https://10.0.0.12:6443",
      "edge-cp3": "https://10.0.0.13:6443",
    });
  });

  it("puts an IPv6 address into brackets", () => {
    assert.equal(authorityOf({ host: "fd00::64", port: 6443 }), "[fd00::64]:6443");
  });
});

describe("an endpoint's problems", () => {
  const good: readonly (readonly [EndpointSpec, Readonly<Record<string, string>>])[] = [
    ["nodeLocal", one],
    [{ vip: "10.0.0.100" }, one],
    [{ vip: "10.0.0.100" }, three],
    [{ external: "api.example.com" }, three],
    [{ external: "10.0.0.11" }, one],
    [{ address: "10.0.0.11" }, one],
  ];
  for (const [endpoint, addresses] of good) {
    const count = Object.keys(addresses).length;
    it(`are none for ${JSON.stringify(endpoint)} with ${String(count)} hosts`, () => {
      assert.deepEqual(messagesFor(endpoint, addresses), []);
    });
  }

  const single = "there are 3 control-plane hosts";
  const bad: readonly (readonly [EndpointSpec, Readonly<Record<string, string>>, string])[] = [
    [{ address: "10.0.0.11" }, three, single],
    [{ external: "10.0.0.12" }, three, single],
    [{ vip: "10.0.0.12" }, three, 'vip "10.0.0.12" is the address of "cp2"'],
    [{ vip: "api.example.com" }, three, 'vip "api.example.com" is not an IP address'],
    [{ external: "" }, three, 'external "" is neither'],
    [{ external: "https://api.example.com" }, three, "is neither a DNS name nor an IP address"],
    [{ vip: "10.0.0.100", port: 70_000 }, three, "70000 is not a port"],
    ["nodelocal" as "nodeLocal", one, 'it is neither "nodeLocal" nor'],
  ];
  for (const [endpoint, addresses, message] of bad) {
    it(`name ${JSON.stringify(endpoint)}: ${message}`, () => {
      const messages = messagesFor(endpoint, addresses);
      assert.ok(messages.length === 1 && messages[0]?.includes(message), messages.join("\n"));
    });
  }

  it("do not arise for two forms at once, which do not compile", () => {
    // @ts-expect-error: an endpoint has one form
    const both: EndpointSpec = { vip: "10.0.0.100", external: "api.example.com" };
    assert.ok(both);
  });
});
