import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

  it("waits for a host that is still being set up, reads it again, and tells what is worth knowing", async () => {
    const setUp = recorded("ubuntu-24.04");
    const done = setUp
      .replace("status: running", "status: done")
      .replace(/systemd-timesyncd\.service .*\n/, "");
    const answers = [setUp, done];
    const runner = new SimulatedHost("cp1").when(["sh -s", () => answers.shift() ?? ""]);
    const warnings: string[] = [];
    const { operation: ours } = operationOn([runner], {
      onWarning: ({ host, message }) => warnings.push(`${host}: ${message}`),
    });
    const host = { ...blank, connection: { address: "10.0.0.11" } };

    const { cp1 } = await inspectHosts(ours, { ...request, hosts: [host] });

    assert.deepEqual(answers, []);
    assert.equal(cp1?.firstBoot, false);
    assert.deepEqual(warnings, [
      "cp1: nothing keeps its clock right: install chrony, or switch systemd-timesyncd on",
    ]);
  });

  it("writes nothing in a preview, and waits for nothing", async () => {
    const scripts: string[] = [];
    const runner = new SimulatedHost("cp1").when([
      "sh -s",
      (_, stdin) => {
        scripts.push(stdin);
        return recorded("ubuntu-24.04");
      },
    ]);
    const { operation: ours } = operationOn([runner], { preview: true });
    const host = { ...blank, connection: { address: "10.0.0.11" } };

    await inspectHosts(ours, { ...request, hosts: [host] });

    assert.equal(runner.ran.length, 1);
    assert.ok(scripts.every((script) => !script.includes("oflag=dsync")));
  });
});

/** What a distribution's host prints, with a clock that is right. */
function recorded(distribution: string): string {
  const file = new URL(`../golden/hosts/${distribution}.facts`, import.meta.url);
  const text = readFileSync(file, "utf8").replace(/^=== /gm, "\u001e");
  return text.replace(/^\d{10}\.\d{9}$/m, String(Date.now() / 1000));
}
