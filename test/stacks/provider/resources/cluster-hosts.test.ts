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

  for (const name of ["labels", "files", "connection", "hooks", "identity"]) {
    it(`reads a host that changes, also if its name is "${name}"`, async () => {
      const inputs = clusterHosts({ [name]: "10.0.0.22" });
      const created = await harness.create("ClusterHosts", inputs);
      const moved = clusterHosts({ [name]: "10.0.0.23" });

      const { properties } = await harness.diff("ClusterHosts", { ...created, inputs }, moved);

      assert.deepEqual(properties, [`hosts.${name}.nodeAddress`]);
    });
  }

  it("lets one host leave and another come in the same run", async () => {
    const created = await harness.create("ClusterHosts", clusterHosts());
    const later = clusterHosts({ w2: "10.0.0.22" });
    delete later.hosts["w1"];

    await harness.update("ClusterHosts", { ...created, inputs: clusterHosts() }, later);

    assert.deepEqual(harness.world.calls, ["inspectHosts", "inspectHosts"]);
  });

  describe("when a worker is taken out", () => {
    const later = (): ReturnType<typeof clusterHosts> => {
      const inputs = clusterHosts({ w2: "10.0.0.22" });
      delete inputs.hosts["w1"];
      return inputs;
    };

    it("lists in a preview how it leaves, with the policy of the run that declared it", async () => {
      const policies: unknown[] = [];
      const { removeWorker } = harness.world.bootstrap;
      harness.world.bootstrap.removeWorker = async (operation, request) => {
        policies.push(request.drain);
        await removeWorker(operation, request);
        return ["Host w1 does not answer"];
      };
      const before = { ...clusterHosts(), leaving: { w1: { drain: { force: true } } } };
      const created = await harness.create("ClusterHosts", before);

      await harness.update("ClusterHosts", { ...created, inputs: before }, later(), true);

      assert.deepEqual(harness.notes, ["Host w1 does not answer", "w1: removeWorker"]);
      assert.deepEqual(policies, [{ force: true }]);
      assert.deepEqual(harness.world.changes, []);
      assert.deepEqual(harness.world.leased, []);
    });

    it("leaves the removal to the worker's own resource in an update", async () => {
      const created = await harness.create("ClusterHosts", clusterHosts());
      await harness.update("ClusterHosts", { ...created, inputs: clusterHosts() }, later());
      assert.deepEqual(harness.world.calls, ["inspectHosts", "inspectHosts"]);
    });

    it("says nothing of one that goes on under another name", async () => {
      const created = await harness.create("ClusterHosts", clusterHosts());
      const { w1, ...others } = clusterHosts().hosts;
      const renamed = { ...clusterHosts(), hosts: { ...others, web1: w1! } };
      await harness.update("ClusterHosts", { ...created, inputs: clusterHosts() }, renamed, true);
      assert.ok(!harness.world.calls.includes("removeWorker (preview)"));
    });
  });

  it("judges a host that the run starts by what was recorded of it, until it is started", async () => {
    const read: (readonly string[])[] = [];
    const { inspectHosts } = harness.world.bootstrap;
    harness.world.bootstrap.inspectHosts = (operation, request) => {
      read.push(request.hosts.map(({ name }) => name));
      return inspectHosts(operation, request);
    };
    const created = await harness.create("ClusterHosts", clusterHosts());
    const cluster = { ...(clusterHosts()["cluster"] as ValueRecord), kubernetes: "1.36.3" };
    const w1 = { ...(clusterHosts().hosts["w1"] as ValueRecord), starts: 2 };
    const started = { ...clusterHosts(), cluster, hosts: { ...clusterHosts().hosts, w1 } };
    const state = { ...created, inputs: clusterHosts() };

    await harness.update("ClusterHosts", state, started, true);
    await harness.update("ClusterHosts", state, started);

    assert.deepEqual(read, [["cp1", "w1"], ["cp1"], ["cp1", "w1"]]);
  });

  it("holds the cluster while it resets its hosts, and machines that go with it need no hold", async () => {
    const created = await harness.create("ClusterHosts", clusterHosts());
    await harness.delete("ClusterHosts", { ...created, inputs: { ...clusterHosts(), disposable: true } });
    assert.deepEqual(harness.world.leased, []);
    await harness.delete("ClusterHosts", { ...created, inputs: clusterHosts() });
    assert.deepEqual(harness.world.leased, ["hold east"]);
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
