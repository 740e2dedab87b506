import assert from "node:assert/strict";
import * as bootstrap from "../../bootstrap/index.ts";
import { gatherFacts } from "../../bootstrap/facts/gather.ts";
import { completeEndpoint } from "../../clusters/endpoint.ts";
import type { EndpointSpec } from "../../clusters/endpoint.ts";
import { watchApi } from "../support/api-watch.ts";
import { localFleet } from "../support/local-fleet.ts";
import type { LocalFleet } from "../support/local-fleet.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const name = "endpoint";
const kubectl = "/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf";

describe("the endpoint of a living cluster", function () {
  this.timeout(580_000);
  let fleet: LocalFleet;

  before(async function () {
    skipWithoutLocalMachines(this);
    fleet = await localFleet(name, await bootstrap.createIdentity(name));
  });

  after(() => fleet.close());

  /** Applies the whole cluster with an endpoint, and returns what was done. */
  async function apply(spec: EndpointSpec | undefined, preview = false): Promise<readonly string[]> {
    const { operation, intents } = fleet.operation({ preview });
    const { controlPlane, worker, identity } = fleet;
    const endpoint = completeEndpoint(spec, { [controlPlane.name]: controlPlane.nodeAddress });
    const hosts = [controlPlane, worker];
    await bootstrap.applyCluster(operation, { cluster: { ...fleet.cluster, endpoint }, identity, hosts });
    return intents;
  }

  async function run(host: "controlPlane" | "worker", command: string): Promise<string> {
    return (await fleet.runner(fleet[host]).run(command)).stdout.trim();
  }

  async function serverOf(host: "controlPlane" | "worker", path: string): Promise<string> {
    return await run(host, `sed -n 's/^ *server: //p' ${path}`);
  }

  /** Everything that finds the API by the endpoint reaches it: the worker, its pods' network, an administrator. */
  async function assertServes(server: string): Promise<void> {
    assert.equal(await serverOf("worker", "/etc/kubernetes/kubelet.conf"), server);
    assert.equal(await serverOf("controlPlane", "/etc/kubernetes/admin.conf"), server);
    const nodes = await run("controlPlane", `${kubectl} get nodes --no-headers`);
    assert.equal(nodes.match(/\bReady\b/g)?.length, 2, nodes);
  }

  it("is one host's address at first", async () => {
    await apply(undefined);
    await assertServes(`https://${fleet.controlPlane.nodeAddress}:6443`);
    assert.deepEqual(await apply(undefined), []);
  });

  it("moves to the nodes while the API goes on answering", async () => {
    const watch = watchApi(fleet.controlPlane.nodeAddress);
    const intents = await apply("nodeLocal");
    assert.deepEqual((await watch.end()).failures, []);
    assert.ok(intents.includes(`${fleet.worker.name}: start the API's balancer`), intents.join("\n"));
    await assertServes("https://127.0.0.1:7443");
    assert.deepEqual(await apply("nodeLocal"), []);
  });

  it("gives joined hosts a balancer that outlives a killed one", async () => {
    const pid = "systemctl show -p MainPID --value keelson-balancer.service";
    const before = await run("worker", pid);
    await run("worker", `kill -9 ${before}`);
    await fleet
      .runner(fleet.worker)
      .run(`until [ "$(${pid})" != 0 ] && [ "$(${pid})" != ${before} ]; do :; done`);
    await assertServes("https://127.0.0.1:7443");
  });

  it("moves on to a virtual address, and takes the balancers away", async () => {
    const address = fleet.controlPlane.nodeAddress.replace(/\d+$/, "200");
    const watch = watchApi(fleet.controlPlane.nodeAddress);
    const intents = await apply({ vip: address });
    assert.deepEqual((await watch.end()).failures, []);
    assert.ok(intents.includes(`${fleet.worker.name}: take away the API's balancer`), intents.join("\n"));
    await assertServes(`https://${address}:6443`);
    assert.match(await run("controlPlane", "ip -o -4 address show"), /\.200\/32/);
    assert.deepEqual(await apply({ vip: address }), []);
  });

  it("moves back to the nodes, and takes the virtual address away", async () => {
    const intents = await apply("nodeLocal");
    assert.ok(
      intents.includes(`${fleet.controlPlane.name}: take away the virtual address`),
      intents.join("\n"),
    );
    await assertServes("https://127.0.0.1:7443");
    assert.doesNotMatch(await run("controlPlane", "ip -o -4 address show"), /\.200\/32/);
    assert.deepEqual(await apply("nodeLocal"), []);
  });

  it("moves to one host's address in the run in which a worker joins", async () => {
    const { worker, identity } = fleet;
    await bootstrap.resetHosts(fleet.operation().operation, {
      clusterId: identity.clusterId,
      hosts: [worker],
    });
    await run("controlPlane", `${kubectl} delete node ${worker.nodeName}`);
    const intents = await apply(undefined);
    assert.ok(intents.includes(`${worker.name}: join the cluster with kubeadm`), intents.join("\n"));
    await assertServes(`https://${fleet.controlPlane.nodeAddress}:6443`);
    assert.deepEqual(await apply(undefined), []);
  });

  it("leaves nothing behind when the hosts are reset", async () => {
    const { operation } = fleet.operation();
    const hosts = [fleet.controlPlane, fleet.worker];
    await bootstrap.resetHosts(operation, { clusterId: fleet.identity.clusterId, hosts });
    for (const host of hosts) {
      const facts = await gatherFacts(fleet.runner(host), { files: [], units: {}, traces: true });
      assert.deepEqual(bootstrap.residue(facts), []);
      const { stdout } = await fleet.runner(host).run("ls /etc/systemd/system | grep keelson- || true");
      assert.doesNotMatch(stdout, /keelson-(balancer|vip)/);
    }
  });
});
