import assert from "node:assert/strict";
import { inspectHosts } from "../../bootstrap/inspect-hosts.ts";
import type { ReachableHost } from "../../bootstrap/operation.ts";
import { KeelsonError, ProblemsError } from "../../errors.ts";
import { cluster, clusterHost, identity, operationOn } from "../support/bootstrap.ts";
import { SimulatedHost } from "../support/simulated-host.ts";

describe("inspectHosts", () => {
  const silence = new KeelsonError("KEELSON_HOST_UNREACHABLE", "Cannot reach 10.0.0.21:22: nobody answers");
  const blank: ReachableHost = { ...clusterHost("controlPlane"), connection: undefined };
  const silent: ReachableHost = { ...clusterHost("worker"), connection: { address: "10.0.0.21" } };
  const { operation } = operationOn([
    new SimulatedHost("w1").when([
      /./,
      () => {
        throw silence;
      },
    ]),
  ]);
  const request = {
    cluster,
    identity: { clusterId: identity.clusterId, caCertificate: "" },
    hosts: [silent, blank],
    known: {},
  };

  it("names what is wrong with the cluster and with each host, in the order of the hosts", async () => {
    const network = { ...cluster.network, serviceCidr: "10.244.0.0/20" };
    const small = { ...blank, name: "cp2", nodeName: "w1" };
    const rejected = inspectHosts(operation, {
      ...request,
      cluster: { ...cluster, network },
      declared: [silent, blank, small],
    });

    const error = await rejected.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ProblemsError);
    assert.deepEqual(
      error.problems.map(({ where, code }) => [where, code]),
      [
        ["network.serviceCidr", "KEELSON_NETWORK_OVERLAP"],
        ["endpoint", "KEELSON_INVALID_INPUT"],
        ["hosts.cp2.nodeName", "KEELSON_HOST_DUPLICATE"],
        ["hosts.cp2.nodeAddress", "KEELSON_HOST_DUPLICATE"],
        ["w1", "KEELSON_HOST_UNREACHABLE"],
      ],
    );
  });

  it("passes over a host that may be silent", async () => {
    const facts = await inspectHosts(operation, { ...request, maySilent: ["w1"] });

    assert.deepEqual(Object.keys(facts), ["cp1"]);
  });
});
