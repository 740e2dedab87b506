import assert from "node:assert/strict";
import { connect } from "node:net";
import { runLeases } from "../../bootstrap/run-leases.ts";
import type { HeldCluster } from "../../bootstrap/run-leases.ts";
import { startApiServer } from "../support/api-server.ts";
import type { ApiServer } from "../support/api-server.ts";
import { clusterHost, operationOn } from "../support/bootstrap.ts";
import { FakeLease } from "../support/fake-lease.ts";
import { FakeRunner, fakePool } from "../support/fake-runner.ts";

describe("runLeases", () => {
  let server: ApiServer;
  const lease = new FakeLease();
  const runner = new FakeRunner("cp1");
  const { operation } = operationOn([], { pool: fakePool(runner) });
  const cluster = (): HeldCluster => ({
    ...{ clusterId: "edge-1", name: "edge" },
    access: {
      kubeconfig: server.kubeconfig,
      controlPlane: [{ ...clusterHost("controlPlane"), connection: { address: "10.0.0.11" } }],
    },
  });

  before(async () => {
    server = await startApiServer(lease.answer);
  });

  beforeEach(() => {
    runner.dialer = () => Promise.resolve(connect(server.port, "127.0.0.1"));
    server.seen.length = 0;
  });

  after(() => server.stop());

  it("takes one lease for all calls of a run, and gives it back once", async () => {
    const leases = runLeases();
    const [first, second] = await Promise.all([
      leases.hold(operation, cluster()),
      leases.hold(operation, cluster()),
    ]);
    assert.equal(first, second);
    assert.deepEqual(
      server.seen.map(({ method }) => method),
      ["GET", "POST"],
    );
    await leases.release();
    await leases.release();
    assert.equal(server.seen.filter(({ method }) => method === "DELETE").length, 1);
  });

  it("tells a second run who holds the cluster, and lets it have it afterwards", async () => {
    const first = runLeases();
    const second = runLeases({ patienceMs: 0, pauseMs: 1 });
    await first.hold(operation, cluster());
    await assert.rejects(second.hold(operation, cluster()), { code: "KEELSON_LOCKED" });
    await first.release();
    await second.hold(operation, cluster());
    await second.release();
  });

  it("holds nothing of a cluster whose API is dead, and asks again later", async () => {
    const leases = runLeases();
    const { dialer } = runner;
    runner.dialer = () => Promise.reject(new Error("connection refused"));
    assert.equal((await leases.hold(operation, cluster())).aborted, false);
    runner.dialer = dialer;
    await leases.hold(operation, cluster());
    assert.ok(lease.stored);
    await leases.release();
  });
});
