import assert from "node:assert/strict";
import { once } from "node:events";
import type { RunOwner } from "../../bootstrap/run-owner.ts";
import { thisRun } from "../../bootstrap/run-owner.ts";
import { takeLease } from "../../bootstrap/run-lease.ts";
import type { LeaseRequest } from "../../bootstrap/run-lease.ts";
import { kubeClient } from "../../kube/client.ts";
import type { KubeClient } from "../../kube/client.ts";
import { startApiServer } from "../support/api-server.ts";
import type { ApiServer } from "../support/api-server.ts";
import { FakeLease } from "../support/fake-lease.ts";

const ann: RunOwner = { run: "a", user: "ann", host: "laptop", pid: 4711, started: "1", place: "elsewhere" };
const bob: RunOwner = { ...ann, run: "b", user: "bob", host: "ci-7" };

describe("takeLease", () => {
  let server: ApiServer;
  let lease: FakeLease;
  let client: KubeClient;

  beforeEach(async () => {
    lease = new FakeLease();
    server = await startApiServer(lease.answer);
    client = await kubeClient({ kubeconfig: server.kubeconfig });
  });

  afterEach(async () => {
    client.close();
    await server.stop();
  });

  const request = (owner: RunOwner, changes: Partial<LeaseRequest> = {}): LeaseRequest => ({
    ...{ client, owner, clusterName: "edge", signal: new AbortController().signal },
    ...{ onWaiting: () => undefined, renewMs: 3_600_000, pauseMs: 1 },
    ...changes,
  });

  it("takes a lease that nobody has, names its owner in it and gives it back", async () => {
    const taken = await takeLease(request(ann));
    const { spec } = lease.stored as unknown as { spec: Record<string, unknown> };
    assert.deepEqual(
      [spec["holderIdentity"], spec["leaseDurationSeconds"]],
      ["ann@laptop (process 4711)", 30],
    );
    assert.match(String(spec["renewTime"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    await taken.release();
    assert.equal(lease.stored, undefined);
  });

  it("is refused while another run renews, with the owner and how long it has been at it", async () => {
    await takeLease(request(ann));
    const lines: string[] = [];
    const onWaiting = (line: string): void => {
      lines.push(line);
    };
    await assert.rejects(takeLease(request(bob, { patienceMs: 0, onWaiting })), {
      code: "KEELSON_LOCKED",
      message:
        /^Cannot change cluster "edge": it is held by ann@laptop \(process 4711\), who has been changing the cluster for 0 s$/,
    });
    assert.match(lines[0] ?? "", /^waits for ann@laptop/);
  });

  it("gets the lease that another run gives back", async () => {
    const first = await takeLease(request(ann));
    const onWaiting = (): void => void first.release();
    const second = await takeLease(request(bob, { onWaiting }));
    assert.equal(
      (lease.stored as unknown as { spec: { holderIdentity: string } }).spec.holderIdentity,
      "bob@ci-7 (process 4711)",
    );
    await second.release();
  });

  it("takes over a lease that is not renewed", async () => {
    await takeLease(request(ann));
    const second = await takeLease(request(bob, { durationMs: 10, patienceMs: 60_000 }));
    await second.release();
    assert.equal(lease.stored, undefined);
  });

  it("does not take over a lease that is renewed, whatever its clock says", async () => {
    const first = await takeLease(request(ann));
    let renewals = 0;
    const onWaiting = (): void => {
      renewals += 1;
      lease.write({ ...lease.stored, spec: { renewTime: "2001-01-01T00:00:00.000000Z" } });
    };
    const waiting = takeLease(request(bob, { durationMs: 200, patienceMs: 400, onWaiting }));
    await assert.rejects(waiting, { code: "KEELSON_LOCKED" });
    assert.ok(renewals > 1);
    await first.release();
  });

  it("does not wait for a run of this computer that is dead", async () => {
    const here = await thisRun();
    await takeLease(request({ ...here, run: "dead", started: "long ago" }));
    const second = await takeLease(request(here, { patienceMs: 0 }));
    await second.release();
  });

  it("renews, and says when somebody else took the lease meanwhile", async () => {
    const taken = await takeLease(request(ann, { renewMs: 5 }));
    const before = lease.stored?.metadata.resourceVersion;
    while (lease.stored?.metadata.resourceVersion === before) await new Promise(setImmediate);
    assert.equal(taken.lost.aborted, false);
    const annotations = { "keelson.dev/run": JSON.stringify(bob) };
    lease.write({ metadata: { annotations }, spec: {} });
    await once(taken.lost, "abort");
    await taken.release();
    assert.ok(lease.stored);
  });
});
