import assert from "node:assert/strict";
import { Secret, type ValueRecord } from "../../../../stacks/provider/values.ts";
import { Harness } from "../support/harness.ts";
import { clusterHosts } from "../support/inputs.ts";

describe("ClusterHosts", () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await Harness.start();
  });
  afterEach(() => {
    harness.stop();
  });

  for (const preview of [true, false]) {
    it(`refuses another name for a control-plane host in ${preview ? "a preview" : "an update"}`, async () => {
      const created = await harness.create("ClusterHosts", clusterHosts());
      const { cp1, ...others } = clusterHosts().hosts;
      const renamed = { ...clusterHosts(), hosts: { ...others, main: cp1! } };

      await assert.rejects(
        harness.update("ClusterHosts", { ...created, inputs: clusterHosts() }, renamed, preview),
        /main: is node "cp1" under the name "cp1" already.*\[KEELSON_HOST_OWNED\]\n.*Keep the name "cp1"/,
      );
      assert.deepEqual(harness.world.calls, ["inspectHosts"]);
    });
  }

  it("takes another name for a worker", async () => {
    const created = await harness.create("ClusterHosts", clusterHosts());
    const { w1, ...others } = clusterHosts().hosts;
    const renamed = { ...clusterHosts(), hosts: { ...others, web1: w1! } };

    const { outputs } = await harness.update("ClusterHosts", { ...created, inputs: clusterHosts() }, renamed);

    assert.deepEqual(Object.keys((outputs as { facts: object }).facts).sort(), ["cp1", "web1"]);
  });

  it("lets one host leave and another come in the same run", async () => {
    const created = await harness.create("ClusterHosts", clusterHosts());
    const later = clusterHosts({ w2: "10.0.0.22" });
    delete later.hosts["w1"];

    await harness.update("ClusterHosts", { ...created, inputs: clusterHosts() }, later);

    assert.deepEqual(harness.world.calls, ["inspectHosts", "inspectHosts"]);
  });

  it("shows what is worth knowing about hosts, with the host's name", async () => {
    const { inspectHosts } = harness.world.bootstrap;
    harness.world.bootstrap.inspectHosts = (operation, request) => {
      operation.onWarning?.({ host: "cp1", message: "nothing keeps its clock right" });
      return inspectHosts(operation, request);
    };

    await harness.create("ClusterHosts", clusterHosts());

    assert.deepEqual(harness.notes, ["cp1: nothing keeps its clock right"]);
  });

  it("refuses dual-stack by name, and a proxy that is none without showing it", async () => {
    const inputs = clusterHosts();
    const cluster = inputs["cluster"] as ValueRecord;
    const network = { ...(cluster["network"] as ValueRecord), podCidr: "10.244.0.0/16,fd00::/56" };
    const proxy = { http: new Secret("ops:hunter2@proxy") };

    const problems = await harness.check("ClusterHosts", {
      ...inputs,
      cluster: { ...cluster, network, proxy },
    });

    assert.equal(problems.length, 2);
    assert.match(problems.join("\n"), /podCidr.*dual-stack.*\[KEELSON_NOT_SUPPORTED\]/);
    assert.doesNotMatch(problems.join("\n"), /hunter2/);
  });

  it("tells bootstrap by which proxies hosts reach the world", async () => {
    const inputs = clusterHosts();
    const cluster = inputs["cluster"] as ValueRecord;
    const seen: unknown[] = [];
    const { inspectHosts } = harness.world.bootstrap;
    harness.world.bootstrap.inspectHosts = (operation, request) => {
      seen.push(request.cluster.proxy);
      return inspectHosts(operation, request);
    };

    const proxy = { https: new Secret("http://proxy.example.org:3128"), noProxy: [] };
    await harness.create("ClusterHosts", { ...inputs, cluster: { ...cluster, proxy } });

    assert.deepEqual(seen, [{ https: "http://proxy.example.org:3128", noProxy: [] }]);
  });
});
