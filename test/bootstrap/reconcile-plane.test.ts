import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import type { Intent } from "../../bootstrap/operation.ts";
import { completeEndpoint } from "../../clusters/endpoint.ts";
import { factsText } from "../support/facts-text.ts";
import type { SimulatedHost } from "../support/simulated-host.ts";
import { SimulatedPlane } from "../support/simulated-plane.ts";

const three = ["cp1", "cp2", "cp3"];

describe("reconcilePlane", function () {
  // Many runs of whole plans; on a busy computer they take long.
  this.timeout(120_000);

  it("previews exactly the changes that make three control planes, and then has nothing to do", async () => {
    const plane = await SimulatedPlane.of(...three);

    const previewed = await plane.run(three, { preview: true });
    assert.deepEqual(plane.members(), []);
    const done = await plane.run(three);

    assert.deepEqual([...done].sort(), [...previewed].sort());
    assert.deepEqual(plane.members(), three);
    assert.deepEqual(await plane.run(three), []);
  });

  it("prepares all hosts before the second one joins", async () => {
    const plane = await SimulatedPlane.of(...three);

    const done = await plane.run(three);

    const joins = done.findIndex((intent) => intent.endsWith("join the control plane with kubeadm"));
    const prepared = done.slice(0, joins).filter((intent) => intent.includes("authorities and keys"));
    assert.equal(prepared.length, 3);
  });

  it("lets the host go first that begins the cluster, and begins with the others when it imports its images", async () => {
    const plane = await SimulatedPlane.of(...three);
    const done: string[] = [];
    const others = Promise.withResolvers<undefined>();
    const onIntent = ({ host, what }: Intent): void => {
      done.push(`${host}: ${what}`);
      if (three.slice(1).every((name) => done.some((each) => each.startsWith(`${name}: claim`))))
        others.resolve(undefined);
    };
    const first = plane.hosts.get("cp1");
    assert.ok(first);
    const run = first.run.bind(first);
    first.run = async (command, options) => {
      // Much less than the head start would take to end by itself.
      if (command.includes("keelson-run-images")) await Promise.race([others.promise, pause(3000)]);
      return run(command, options);
    };

    await plane.run(three, { onIntent });

    const order = done.filter((intent) =>
      /^cp1: (fetch container images|import images|initialize)|^cp[23]: claim/.test(intent),
    );
    assert.deepEqual(
      order.map((intent) =>
        intent
          .split(" ")
          .slice(0, 2)
          .join(" ")
          .replace(/^cp[23]/, "another"),
      ),
      ["cp1: fetch", "cp1: import", "another: claim", "another: claim", "cp1: initialize"],
    );
  });

  it("previews exactly what it does when one control plane grows to three behind another endpoint", async () => {
    const plane = await SimulatedPlane.of(...three);
    await plane.run(["cp1"]);
    plane.endpoint = completeEndpoint("nodeLocal", {});

    const previewed = await plane.run(three, { preview: true });
    const done = await plane.run(three);

    assert.deepEqual([...done].sort(), [...previewed].sort());
    const record = "edge: bring the certificates' names in kubeadm's configuration up to date";
    const joins = done.findIndex((intent) => intent.endsWith("join the control plane with kubeadm"));
    assert.ok(done.slice(0, joins).includes(record), done.join("\n"));
    const names = done.filter((intent) => intent.includes("add to the API server's certificate"));
    assert.deepEqual(names, ["cp1: add to the API server's certificate: 10.0.0.12, 10.0.0.13"]);
    assert.deepEqual(await plane.run(three), []);
  });

  it("begins the services of a new cluster before the second host joins, if they follow in the same run", async () => {
    const plane = await SimulatedPlane.of(...three);

    const done = await plane.run(three, { ahead: [] });

    const joins = done.findIndex((intent) => intent.endsWith("join the control plane with kubeadm"));
    const begun = done.slice(0, joins).filter((intent) => intent.startsWith("edge: install "));
    assert.deepEqual(begun, [
      "edge: install the pod network canal",
      "edge: install kube-proxy",
      "edge: install CoreDNS",
    ]);
    assert.deepEqual(await plane.run(three, { ahead: [] }), []);
  });

  describe("beside which workers wait", () => {
    it("turns to them while the cluster begins, which comes up whatever is wrong with them", async () => {
      const plane = await SimulatedPlane.of("cp1", "w1");
      const said: string[] = [];

      const done = await plane.run(["cp1"], { ahead: ["w1"], log: (_, line) => said.push(line) });

      assert.match(said.join("\n"), /w1: has 0 processors/);
      assert.ok(done.every((intent) => !intent.startsWith("w1: ")));
      assert.deepEqual(plane.members(), ["cp1"]);
    });

    /** A worker that can be judged, as far as a look at it goes. */
    const withWorker = async (
      ...controlPlane: readonly string[]
    ): Promise<[SimulatedPlane, SimulatedHost]> => {
      const plane = await SimulatedPlane.of(...controlPlane, "w1");
      const w1 = plane.hosts.get("w1");
      assert.ok(w1);
      w1.when([/^sh -s$/, () => factsText({ ...w1.facts, kernel: "6.1.0-18-amd64" })]);
      return [plane, w1];
    };

    it("lets them join, and waits for none of them to be Ready", async () => {
      const [plane, w1] = await withWorker(...three);

      const done = await plane.run(three, { ahead: ["w1"] });

      assert.ok(done.includes("w1: join the cluster with kubeadm"), done.join("\n"));
      assert.ok(done.some((intent) => intent.startsWith("w1: set on the Node: owner")));
      assert.ok(done.every((intent) => !intent.includes("Ready")));
      assert.ok(w1.facts.kubernetes.kubeletConf && w1.node !== undefined);
    });

    it("lets nobody join a cluster that does not come up", async () => {
      const [plane, w1] = await withWorker("cp1");
      const prepared: string[] = [];
      const onPhase = (host: string, title: string): void => {
        if (host === "w1") prepared.push(title);
      };

      const run = plane.run(["cp1"], { ahead: ["w1"], dieAt: "cp1: etcd began", onPhase });

      await assert.rejects(run, /died/);
      assert.ok(!prepared.includes("join"));
      assert.equal(w1.facts.kubernetes.kubeletConf, false);
    });

    it("leaves them alone once it is there", async () => {
      const plane = await SimulatedPlane.of("cp1", "w1");
      await plane.run(["cp1"]);

      await plane.run(["cp1"], { ahead: ["w1"] });

      assert.deepEqual(plane.hosts.get("w1")?.commands, []);
    });
  });

  it("comes to the same end after runs that died anywhere and hosts that were installed anew", async () => {
    const death = fc.record({
      dieAfter: fc.integer({ min: 0, max: 200 }),
      anew: fc.constantFrom("", "cp2", "cp3"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(death, { maxLength: 4 }), async (deaths) => {
        const plane = await SimulatedPlane.of(...three);
        for (const { dieAfter, anew } of deaths) {
          await plane.run(three, { dieAfter }).catch(ignoreDeath);
          if (anew !== "") plane.reinstall(anew);
        }
        await plane.run(three);

        assert.deepEqual(plane.members(), three);
        assert.deepEqual(await plane.run(three), []);
      }),
      { numRuns: 8 },
    );
  });

  it("changes a flag host by host as previewed, and takes it away again", async () => {
    const plane = await SimulatedPlane.of(...three);
    await plane.run(three);
    plane.settings = { apiServer: { extraArgs: { "audit-log-maxage": 30 } } };
    const intent = "restart the API server with --audit-log-maxage=30";

    const previewed = await plane.run(three, { preview: true });
    const done = await plane.run(three);

    assert.deepEqual(
      previewed,
      ["cp1", "cp2", "cp3"].map((name) => `${name}: ${intent}`),
    );
    assert.deepEqual(done, previewed);
    assert.deepEqual(await plane.run(three), []);
    plane.settings = {};
    assert.deepEqual(
      await plane.run(three),
      ["cp1", "cp2", "cp3"].map((name) => `${name}: restart the API server with no --audit-log-maxage`),
    );
  });

  it("never gets to the second host with a flag that the first one refuses", async () => {
    const plane = await SimulatedPlane.of(...three);
    await plane.run(three);
    plane.settings = { apiServer: { extraArgs: { nonsense: "yes" } } };

    await assert.rejects(plane.run(three), /unknown flag: --nonsense/);

    for (const [name, host] of plane.hosts) {
      const tried = host.commands.some((line) => line.includes("keelson-run-static-pod"));
      assert.equal(tried, name === "cp1", name);
    }
  });

  it("removes the stale member of a host that was installed anew before that host joins, as previewed", async () => {
    const plane = await SimulatedPlane.of(...three);
    await plane.run(three);
    plane.reinstall("cp1");

    const previewed = await plane.run(three, { preview: true });
    const done = await plane.run(three);

    assert.deepEqual([...done].sort(), [...previewed].sort());
    const removal = done.indexOf("cp1: remove its stale member from etcd");
    const join = done.indexOf("cp1: join the control plane with kubeadm");
    assert.ok(removal >= 0 && removal < join);
  });

  it("renews certificates as previewed, one control plane after the other", async () => {
    const plane = await SimulatedPlane.of(...three);
    await plane.run(three);
    for (const host of plane.hosts.values()) host.expire("2026-01-02T03:04:05.000Z");

    const previewed = await plane.run(three, { preview: true });
    const done = await plane.run(three);

    assert.deepEqual(done, previewed);
    assert.deepEqual(
      done.map((intent) => intent.replace(/: renew certificates: apiserver .*/, "")),
      three,
    );
    assert.deepEqual(await plane.run(three), []);
  });

  describe("when etcd is full", () => {
    const gigabyte = 1000 ** 3;

    it("makes room as previewed, one member at a time and the leader last, and accepts writes again", async () => {
      const plane = await SimulatedPlane.of(...three);
      await plane.run(three);
      plane.isFull = true;
      for (const name of three) plane.room.set(name, { size: gigabyte, used: 1000 });

      const previewed = await plane.run(three, { preview: true });
      const done = await plane.run(three);

      assert.deepEqual(done, previewed);
      assert.deepEqual(done, [
        "edge: give up etcd's history: no space is left",
        ...["cp2", "cp3", "cp1"].map((name) => `${name}: defragment its member of etcd: no space is left`),
        "edge: let etcd accept writes again",
      ]);
      assert.deepEqual(await plane.run(three), []);
    });

    it("says so, and lets nobody write, when it is full of what is in use", async () => {
      const plane = await SimulatedPlane.of(...three);
      await plane.run(three);
      plane.isFull = true;
      for (const name of three) plane.room.set(name, { size: gigabyte, used: gigabyte });

      await assert.rejects(plane.run(three), { code: "KEELSON_ETCD_FULL", message: /954 MiB of 954 MiB/ });
      assert.ok(plane.isFull);
    });

    it("goes on with a larger quota, which every member gets before that is judged", async () => {
      const plane = await SimulatedPlane.of(...three);
      await plane.run(three);
      plane.isFull = true;
      for (const name of three) plane.room.set(name, { size: gigabyte, used: gigabyte });
      plane.settings = { etcd: { quotaBackendBytes: 4 * 1024 ** 3 } };

      const previewed = await plane.run(three, { preview: true });
      const done = await plane.run(three);

      assert.deepEqual([...done].sort(), [...previewed].sort());
      const restarts = three.map((name) => `${name}: restart etcd with --quota-backend-bytes=4294967296`);
      assert.deepEqual(done.slice(0, 3), restarts);
      assert.equal(plane.isFull, false);
      assert.deepEqual(await plane.run(three), []);
      plane.settings = {};
      assert.deepEqual(
        await plane.run(three),
        three.map((name) => `${name}: restart etcd with no --quota-backend-bytes (was 4294967296)`),
      );
    });

    it("defragments a member whose file is large and mostly free before that happens", async () => {
      const plane = await SimulatedPlane.of(...three);
      await plane.run(three);
      plane.room.set("cp2", { size: 0.6 * gigabyte, used: 0.1 * gigabyte });

      assert.deepEqual(await plane.run(three), [
        "cp2: defragment its member of etcd: most of its file is free",
      ]);
      assert.deepEqual(await plane.run(three), []);
    });
  });

  it("does what it can while a declared host is silent, and then says which", async () => {
    const plane = await SimulatedPlane.of(...three);
    await plane.run(three);
    plane.dead.add("cp2");

    await assert.rejects(plane.run(three), { code: "KEELSON_HOST_UNREACHABLE", message: /cp2/ });
  });

  it("refuses at once what only hosts could decide that are off and shall leave", async () => {
    const plane = await SimulatedPlane.of(...three);
    await plane.run(three);
    plane.dead.add("cp1").add("cp2");

    await assert.rejects(plane.run(["cp3"]), {
      code: "KEELSON_QUORUM_LOST",
      message: /1 of 3 voting members healthy, 2 needed \(down: cp1, cp2\)/,
    });
    assert.deepEqual(plane.members(), three);
  });

  it("removes the member of a dead host through a survivor, and lets another join", async () => {
    const plane = await SimulatedPlane.of(...three, "cp4");
    await plane.run(three);
    plane.dead.add("cp1");

    const done = await plane.run(["cp2", "cp3", "cp4"]);

    assert.deepEqual(plane.members(), ["cp2", "cp3", "cp4"]);
    assert.ok(done.includes("cp1: remove its member from etcd"));
    assert.ok(done.includes("cp1: remove the Node"));
  });
});

function ignoreDeath(error: unknown): void {
  if (!(error instanceof Error) || !error.message.includes("died")) throw error;
}
