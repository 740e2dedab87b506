import assert from "node:assert/strict";
import { careForEtcd } from "../../bootstrap/etcd/care-for-plane.ts";
import { readCondition } from "../../bootstrap/etcd/condition.ts";
import { listMembers } from "../../bootstrap/etcd/etcdctl.ts";
import { quorumOf } from "../../bootstrap/etcd/membership.ts";
import { openPlane } from "../../bootstrap/plane.ts";
import { blankFacts } from "../../bootstrap/facts/blank.ts";
import type { HostFacts } from "../../clusters/facts.ts";
import { kubeClient } from "../../kube/client.ts";
import { createIdentity, mintKubeconfig } from "../../bootstrap/identity.ts";
import { cluster, clusterHost, operationOn } from "../support/bootstrap.ts";
import { fakePool } from "../support/fake-runner.ts";
import { RealEtcd } from "../support/real-etcd.ts";
import { SimulatedHost } from "../support/simulated-host.ts";

const mebibyte = 1024 ** 2;

describe("a real etcd of three members that is full", function () {
  this.timeout(180_000);
  let etcd: RealEtcd;

  before(async () => {
    etcd = await RealEtcd.start(3, 16 * mebibyte);
    const value = "x".repeat(100_000);
    // One key, written again and again: all of it but the last value is history.
    for (let full = false; !full;) full = (await etcd.ctl("put", "/fill", value)).exitCode !== 0;
  });

  after(() => etcd.stop());

  /** Cares for it as for the etcd of a control plane; resolves with what was done, or would be. */
  async function care(preview: boolean): Promise<readonly string[]> {
    const identity = await createIdentity("edge");
    const runner = etcd.runner("cp1");
    const { operation, intents } = operationOn([], { pool: fakePool(runner), preview });
    const host = { ...clusterHost("controlPlane"), connection: { address: "10.0.0.11" } };
    const blank = blankFacts(host);
    const whole = { initialized: identity.clusterId, etcdData: true, kubeletConf: true };
    const owner = {
      clusterId: identity.clusterId,
      clusterName: "edge",
      nodeName: "cp1",
      role: "controlPlane",
    };
    const facts = {
      ...blank,
      owner: { ...owner, kubernetes: cluster.kubernetes },
      kubernetes: { ...blank.kubernetes, ...whole },
    } as HostFacts;
    const client = await kubeClient({ ...(await mintKubeconfig(identity, cluster)), dials: [] });
    const access = { client, api: new SimulatedHost("cp1").api, look: () => Promise.resolve(facts) };
    await careForEtcd(await openPlane(operation, { cluster, identity, hosts: [host] }, access));
    client.close();
    return intents;
  }

  it("is seen: it refuses writes, and its members vote all the same", async () => {
    const condition = await readCondition(etcd.runner("cp1"));
    const list = await listMembers(etcd.runner("cp1"));

    assert.equal(condition?.isFull, true);
    assert.deepEqual(condition.members.map(({ url }) => url).sort(), [...etcd.urls].sort());
    assert.equal(condition.members.filter(({ isLeader }) => isLeader).length, 1);
    assert.ok(condition.members.every(({ quota }) => quota === 16 * mebibyte));
    assert.deepEqual(quorumOf(list?.members ?? []), { voting: 3, healthy: 3, needed: 2, holds: true });
  });

  it("gets room as previewed, and accepts writes again", async () => {
    const previewed = await care(true);
    assert.notEqual((await etcd.ctl("put", "/more", "x")).exitCode, 0);
    const done = await care(false);

    assert.deepEqual(done, previewed);
    assert.equal(done.filter((what) => what.startsWith("defragment")).length, 3);
    assert.equal((await etcd.ctl("put", "/more", "x")).exitCode, 0);
    const condition = await readCondition(etcd.runner("cp1"));
    assert.ok(condition?.members.every(({ size }) => size < mebibyte));
    assert.deepEqual(await care(true), []);
  });
});
