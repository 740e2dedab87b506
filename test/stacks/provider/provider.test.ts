import assert from "node:assert/strict";
import { Secret, unknown, type Value, type ValueRecord } from "../../../stacks/provider/values.ts";
import { kubeconfig, privateKey, untilAborted } from "./support/fake-world.ts";
import { failureOf, Harness, InitFailed, openText, type State } from "./support/harness.ts";
import { clusterHosts, controlPlane, identity, services, worker } from "./support/inputs.ts";

describe("the provider", () => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await Harness.start();
  });

  afterEach(() => {
    harness.stop();
  });

  async function made(type: string, inputs: Value): Promise<State> {
    const { id, outputs } = await harness.create(type, inputs);
    return { id, inputs, outputs };
  }

  describe("in a preview", () => {
    it("lists what a create would do on each host and changes nothing", async () => {
      await harness.create("ControlPlane", controlPlane(), { preview: true });
      assert.deepEqual(harness.world.changes, []);
      assert.deepEqual(harness.notes, ["cp1: install packages; initialise the control plane"]);
    });

    it("answers with unknown outputs for a create, and keeps secrets secret", async () => {
      const { outputs } = await harness.create("ControlPlane", controlPlane(), { preview: true });
      assert.deepEqual((outputs as ValueRecord)["kubeconfig"], new Secret(unknown));
    });

    it("previews a cluster whose machines and identity are not made yet", async () => {
      const machine = { address: unknown, privateKey: new Secret(unknown) };
      const hosts = {
        cp1: { role: "controlPlane", nodeName: "cp1", nodeAddress: unknown, connection: machine },
      };
      const inputs = { ...controlPlane(), hosts, identity: new Secret(unknown), clusterId: unknown };
      assert.deepEqual(await harness.check("ControlPlane", inputs), []);
      const { id } = await harness.create("ControlPlane", inputs, { preview: true });
      assert.equal(id, "");
    });

    it("keeps every output of an update, so that nothing downstream turns unknown", async () => {
      const state = await made("ControlPlane", controlPlane());
      const { outputs } = await harness.update("ControlPlane", state, controlPlane("1.36.3"), true);
      assert.deepEqual(outputs, state.outputs);
      assert.equal(harness.world.changes.length, 2);
    });

    it("dials no host whose machine the same run starts", async () => {
      const state = await made("WorkerNode", worker({ starts: 1 }));
      const { outputs } = await harness.update("WorkerNode", state, worker({ starts: 2 }), true);
      assert.deepEqual(outputs, state.outputs);
      assert.deepEqual(harness.world.calls, ["applyWorker"]);
      assert.match(harness.notes.join(), /w1: make sure that the node is healthy/);
    });

    it("inspects the hosts of a new cluster", async () => {
      await harness.create("ClusterHosts", clusterHosts(), { preview: true });
      assert.deepEqual(harness.world.calls, ["inspectHosts (preview)"]);
    });
  });

  describe("when work fails halfway", () => {
    it("saves a resource that was touched, and goes on with the next update", async () => {
      harness.world.onChange = () => {
        throw new Error("the power went");
      };
      const failure = await failureOf(harness.create("WorkerNode", worker()));
      assert.match(failure.message, /the power went/);
      assert.equal(failure.answer.refreshBeforeUpdate, true);
      harness.world.onChange = () => undefined;
      const state = { ...failure.answer, inputs: worker() };
      assert.deepEqual((await harness.diff("WorkerNode", state, worker())).properties, ["unfinished"]);
      const { outputs } = await harness.update("WorkerNode", state, worker());
      assert.deepEqual(outputs, { pending: [] });
    });

    it("stays unfinished through a read that finds nothing to do", async () => {
      harness.world.onChange = () => {
        throw new Error("the power went");
      };
      const failure = await failureOf(harness.create("WorkerNode", worker()));
      const state = { ...failure.answer, inputs: worker() };
      const { outputs } = await harness.read("WorkerNode", state);
      const diff = await harness.diff("WorkerNode", { ...state, outputs }, worker());
      assert.deepEqual(diff.properties, ["unfinished"]);
    });

    it("deletes with the inputs that were tried last", async () => {
      const state = await made("ClusterHosts", clusterHosts());
      const later = clusterHosts();
      const tried = { ...state, outputs: { unfinished: { reason: "broken", inputs: later } } };
      await harness.delete("ClusterHosts", { ...tried, inputs: { ...later, hosts: {} } });
      assert.deepEqual(harness.world.calls, ["inspectHosts", "resetHosts"]);
    });

    it("saves nothing if nothing was touched", async () => {
      harness.world.bootstrap.applyWorker = () => Promise.reject(new Error("no route"));
      await assert.rejects(harness.create("WorkerNode", worker()), (error) => !(error instanceof InitFailed));
    });

    it("masks secrets in the error and on the row", async () => {
      harness.world.onChange = () => {
        throw new Error(`Cannot use the key ${privateKey} with ${kubeconfig}`);
      };
      const failure = await failureOf(harness.create("WorkerNode", worker()));
      const seen = [failure.message, ...harness.logs.map(({ message }) => message)].join("\n");
      assert.match(seen, /\[secret\]/);
      assert.doesNotMatch(seen, /bWFjaGluZSBrZXkgb2YgYSB0ZXN0|YWRtaW4ga2V5IG9mIGEgdGVzdA/);
    });
  });

  describe("when it is cancelled", () => {
    it("aborts the work in flight and saves it", async () => {
      const apply = harness.world.bootstrap.applyWorker;
      harness.world.bootstrap.applyWorker = async (operation, request) => {
        await apply(operation, request);
        await Promise.all([untilAborted(operation.signal), harness.cancel()]);
      };
      const failure = await failureOf(harness.create("WorkerNode", worker()));
      assert.match(failure.message, /the run was cancelled \[KEELSON_ABORTED\]/);
      assert.equal(failure.answer.id, "east-0123456789abcdef/w1");
    });

    it("answers twice, and goes on working for a later run", async () => {
      await harness.cancel();
      await harness.cancel();
      const { outputs } = await harness.create("WorkerNode", worker());
      assert.deepEqual(outputs, { pending: [] });
    });
  });

  it("ends work at its time limit and says so", async () => {
    harness.world.bootstrap.applyWorker = ({ signal, onIntent }) => {
      onIntent({ host: "w1", what: "join" });
      return untilAborted(signal);
    };
    const failure = await failureOf(harness.create("WorkerNode", worker(), { timeout: 0.01 }));
    assert.match(failure.message, /its time limit of 0.01 s is over \[KEELSON_TIMEOUT\]/);
  });

  describe("for drift", () => {
    it("turns pending work that Read found into an update", async () => {
      const state = await made("WorkerNode", worker());
      harness.world.pending = [{ host: "w1", what: "start the kubelet" }];
      const { outputs } = await harness.read("WorkerNode", state);
      const diff = await harness.diff("WorkerNode", { ...state, outputs }, worker());
      assert.deepEqual(diff.properties, ["pending"]);
      assert.deepEqual((await harness.update("WorkerNode", { ...state, outputs }, worker())).outputs, {
        pending: [],
      });
    });

    it("keeps the state if nothing answers", async () => {
      const state = await made("ControlPlane", controlPlane());
      harness.world.pending = undefined;
      assert.deepEqual((await harness.read("ControlPlane", state)).outputs, state.outputs);
    });

    it("says once in a run why nothing answers, and that the state was kept", async () => {
      const why = "Cannot reach the API server at 10.0.0.11:6443: timed out";
      harness.world.bootstrap.pendingWorker = ({ onSilence }) => {
        onSilence?.(why);
        return Promise.resolve(undefined);
      };
      const state = await made("WorkerNode", worker());
      await harness.read("WorkerNode", state);
      await harness.read("WorkerNode", state);
      assert.deepEqual(harness.notes, [`${why}. The state is taken as it was`]);
    });

    it("keeps the state and warns if the reading fails", async () => {
      const state = await made("ClusterServices", services());
      harness.world.bootstrap.pendingClusterServices = () => Promise.reject(new Error("odd answer"));
      assert.deepEqual((await harness.read("ClusterServices", state)).outputs, state.outputs);
      assert.match(harness.notes.join("\n"), /odd answer/);
    });

    it("starts a stopped machine and forgets one that is gone", async () => {
      const inputs = { name: "m1", fleet: "test" };
      const state = await made("LocalMachine", inputs);
      harness.world.machineStates.set("m1", "stopped");
      const { outputs } = await harness.read("LocalMachine", state);
      const diff = await harness.diff("LocalMachine", { ...state, outputs }, inputs);
      assert.deepEqual(diff, { properties: ["pending"], replaces: [] });
      const started = await harness.update("LocalMachine", { ...state, outputs }, inputs, true);
      assert.equal((started.outputs as ValueRecord)["starts"], 2);
      harness.world.machineStates.clear();
      assert.equal((await harness.read("LocalMachine", state)).id, "");
    });

    it("asks for a read before an update of all that can drift", async () => {
      const asked = await Promise.all([
        harness.create("LocalMachine", { name: "m1", fleet: "test" }),
        harness.create("ClusterIdentity", { name: "east" }),
        harness.create("ControlPlane", controlPlane()),
        harness.create("ClusterServices", services()),
        harness.create("WorkerNode", worker()),
      ]);
      assert.ok(asked.every(({ refreshBeforeUpdate }) => refreshBeforeUpdate));
      assert.equal((await harness.create("ClusterHosts", clusterHosts())).refreshBeforeUpdate, false);
    });
  });

  describe("for diffs", () => {
    for (const [type, inputs] of [
      ["LocalMachine", { name: "m1", fleet: "test" }],
      ["ClusterIdentity", { name: "east" }],
      ["ClusterHosts", clusterHosts()],
      ["ControlPlane", controlPlane()],
      ["ClusterServices", services()],
      ["WorkerNode", worker()],
    ] as const) {
      it(`finds none between a ${type} and itself`, async () => {
        const state = await made(type, inputs);
        assert.deepEqual(await harness.diff(type, state, inputs), { properties: [], replaces: [] });
      });
    }

    it("passes over how a host is reached", async () => {
      const state = await made("WorkerNode", worker());
      const moved = worker({
        connection: { address: "10.0.0.99", user: "admin" },
        mirror: "http://10.0.0.1",
      });
      assert.deepEqual((await harness.diff("WorkerNode", state, moved)).properties, []);
    });

    it("looks after a worker whose machine was started, without reading its facts again", async () => {
      const state = await made("WorkerNode", worker({ starts: 1 }));
      assert.deepEqual((await harness.diff("WorkerNode", state, worker({ starts: 2 }))).properties, [
        "host.starts",
      ]);
      const hosts = await made("ClusterHosts", clusterHosts());
      const later = clusterHosts();
      later.hosts["w1"] = { ...(later.hosts["w1"] as ValueRecord), starts: 2 };
      assert.deepEqual((await harness.diff("ClusterHosts", hosts, later)).properties, []);
    });

    it("names the property that differs, with its path", async () => {
      const state = await made("WorkerNode", worker());
      const labelled = worker({ labels: { "example.com/tier": "web" } });
      const { properties } = await harness.diff("WorkerNode", state, labelled);
      assert.deepEqual(properties, ['host.labels["example.com/tier"]']);
    });

    it("replaces a worker whose node name or generation changes, and no identity ever", async () => {
      const state = await made("WorkerNode", worker());
      assert.deepEqual((await harness.diff("WorkerNode", state, worker({ nodeName: "w9" }))).replaces, [
        "host",
      ]);
      const next = { ...worker(), generation: 1 };
      assert.deepEqual((await harness.diff("WorkerNode", state, next)).replaces, ["generation"]);
      const east = await made("ClusterIdentity", { name: "east" });
      assert.deepEqual((await harness.diff("ClusterIdentity", east, { name: "west" })).properties, []);
    });
  });

  describe("for secrets", () => {
    it("marks kubeconfig, identity and private keys in what it returns", async () => {
      const cluster = await harness.create("ControlPlane", controlPlane());
      const keys = await harness.create("ClusterIdentity", { name: "east" });
      const machine = await harness.create("LocalMachine", { name: "m1", fleet: "test" });
      assert.ok((cluster.outputs as ValueRecord)["kubeconfig"] instanceof Secret);
      assert.ok((keys.outputs as ValueRecord)["identity"] instanceof Secret);
      assert.ok((machine.outputs as ValueRecord)["privateKey"] instanceof Secret);
    });

    it("keeps the marks of the inputs in what a partial failure saves", async () => {
      const state = await made("WorkerNode", worker());
      harness.world.onChange = () => {
        throw new Error("the power went");
      };
      const failure = await failureOf(harness.update("WorkerNode", state, worker()));
      const saved = openText(failure.answer.outputs);
      assert.doesNotMatch(saved, /PRIVATE KEY|client-key-data/);
      assert.match(saved, /the power went/);
    });
  });

  describe("for hosts", () => {
    it("reads only the hosts that an update adds", async () => {
      const state = await made("ClusterHosts", clusterHosts());
      const read: string[] = [];
      const inspect = harness.world.bootstrap.inspectHosts;
      harness.world.bootstrap.inspectHosts = (operation, request) => {
        read.push(
          ...request.hosts.map(({ name }) => name),
          ...Object.keys(request.known).map((name) => `(${name})`),
        );
        return inspect(operation, request);
      };
      const { outputs } = await harness.update("ClusterHosts", state, clusterHosts({ w2: "10.0.0.22" }));
      assert.deepEqual(read, ["w2", "(cp1)", "(w1)"]);
      assert.deepEqual(Object.keys((outputs as { facts: object }).facts).sort(), ["cp1", "w1", "w2"]);
    });

    it("resets them all when the cluster goes, unless they go with it", async () => {
      const state = await made("ClusterHosts", clusterHosts());
      await harness.delete("ClusterHosts", { ...state, inputs: { ...clusterHosts(), disposable: true } });
      assert.deepEqual(harness.world.calls, ["inspectHosts"]);
      await harness.delete("ClusterHosts", state);
      assert.deepEqual(harness.world.calls, ["inspectHosts", "resetHosts"]);
    });
  });

  it("names every problem of the inputs with its path", async () => {
    const bad = worker({ nodeName: "W_1", nodeAddress: "nowhere", connection: { port: 0 } });
    assert.deepEqual(await harness.check("WorkerNode", { ...bad, kubeconfig: "" }), [
      'host.nodeName has "W_1", but wants a node name: a-z, 0-9, - and ., at most 253',
      'host.nodeAddress has "nowhere", but wants an IP address',
      "host.connection.address is missing",
      "host.connection.port wants a whole number from 1 to 65535",
      "kubeconfig wants text that is not empty",
    ]);
  });

  it("refuses an even number of control-plane hosts", async () => {
    const one = controlPlane();
    const hosts = { ...one.hosts, cp2: one.hosts["cp1"] ?? null };
    const [problem] = await harness.check("ControlPlane", { ...one, hosts });
    assert.match(problem ?? "", /^hosts has 2 control-plane hosts, but a control plane has 1, 3 or 5/);
  });

  it("makes one identity and gives it to nobody in a preview", async () => {
    const preview = await harness.create("ClusterIdentity", identity(), { preview: true });
    assert.equal(harness.world.identities, 0);
    assert.deepEqual((preview.outputs as ValueRecord)["clusterId"], unknown);
  });
});
