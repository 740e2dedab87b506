import assert from "node:assert/strict";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";
import { judgeHost } from "../../../bootstrap/judge.ts";
import { balancer, balancerConfig, balancerUnit } from "../../../bootstrap/phases/balancer.ts";
import { packages } from "../../../bootstrap/phases/packages.ts";
import { completeEndpoint } from "../../../clusters/endpoint.ts";
import type { HostFacts } from "../../../clusters/facts.ts";
import { blankView, cluster, clusterHost, identity } from "../../support/bootstrap.ts";
import { assertGolden } from "../../support/golden.ts";

const endpoint = completeEndpoint("nodeLocal", { cp2: "10.0.0.12", cp1: "10.0.0.11", cp3: "fd00::13" });
const local = { cluster: { ...cluster, endpoint } };

describe("the balancer", () => {
  it("leads to every control-plane host that is ready, in the order of their names", () => {
    assertGolden("endpoint/balancer.cfg", balancerConfig(endpoint));
  });

  it("runs on every node of a cluster whose nodes are their own endpoints, and on no other", () => {
    for (const role of ["controlPlane", "worker"] as const) {
      const intents = balancer.plan(blankView(role, local)).map(({ intent }) => intent);
      assert.deepEqual(intents, ["configure the API's balancer", "start the API's balancer"]);
      assert.deepEqual(balancer.plan(blankView(role)), []);
    }
  });

  it("comes with its package", () => {
    const intents = packages.plan(blankView("worker", local)).map(({ intent }) => intent);
    assert.match(intents.join(), /install packages .*haproxy/);
    const plain = packages.plan(blankView("worker")).map(({ intent }) => intent);
    assert.doesNotMatch(plain.join(), /haproxy/);
  });

  it("is told from another's process on its port", () => {
    const taken = (changes: Partial<HostFacts>): readonly string[] => {
      const host = clusterHost("worker");
      const listening = [{ port: 7443, process: "haproxy" }];
      const facts = { ...blankFacts(host), listening, ...changes };
      const judged = { ...local, clusterId: identity.clusterId, caSha256: undefined, host, facts };
      return judgeHost(judged).map(({ message }) => message);
    };
    assert.deepEqual(taken({}), ['"haproxy" listens on port 7443']);
    const units = { [balancerUnit.name]: { active: true, enabled: true, stale: false } };
    assert.deepEqual(taken({ units }), []);
  });
});
