import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import * as bootstrap from "../../bootstrap/index.ts";
import { gatherFacts } from "../../bootstrap/facts/gather.ts";
import type { HostFacts } from "../../clusters/facts.ts";
import type { ReachableHost } from "../../bootstrap/index.ts";
import { KeelsonError } from "../../errors.ts";
import { localMachines } from "../../machines/index.ts";
import { waitFor } from "../../remote/wait.ts";
import { localFleet } from "../support/local-fleet.ts";
import type { LocalFleet } from "../support/local-fleet.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const name = "bootstrap";
const network = await readFile(new URL("../support/pod-network.sh", import.meta.url), "utf8");

describe("bootstrap on local machines", function () {
  this.timeout(600_000);
  let fleet: LocalFleet;

  before(async function () {
    skipWithoutLocalMachines(this);
    fleet = await localFleet(name, await bootstrap.createIdentity(name));
  });

  after(() => fleet.close());

  const look = (host: ReachableHost): Promise<HostFacts> =>
    gatherFacts(fleet.runner(host), { files: [], units: {}, traces: true });

  it("previews a new cluster without touching its hosts, and then makes exactly those changes", async () => {
    const preview = fleet.operation({ preview: true });
    await fleet.apply(preview.operation).catch(ignoreSilence);
    assert.deepEqual(bootstrap.residue(await look(fleet.controlPlane)), []);

    const update = fleet.operation();
    await fleet.apply(update.operation);
    const ofControlPlane = (intents: readonly string[]): string[] =>
      intents.filter((intent) => intent.startsWith(fleet.controlPlane.name)).sort();
    assert.deepEqual(ofControlPlane(update.intents), ofControlPlane(preview.intents));
  });

  it("changes nothing the second time and finds nothing pending", async () => {
    const { operation, intents } = fleet.operation();
    await fleet.apply(operation);
    assert.deepEqual(intents, []);
    assert.deepEqual(await fleet.pending(operation), []);
  });

  it("gives pods a network between nodes, names, services and enforced policies", async () => {
    const { stdout } = await fleet.runner(fleet.controlPlane).run("sh -s", { stdin: network });
    assert.equal(stdout, "between nodes: ok\nname: ok\nservice: ok\ndenied: ok\nrestored: ok\n");
  });

  it("finds what was changed behind its back, says so, and mends it", async () => {
    const { operation, intents } = fleet.operation();
    await fleet
      .runner(fleet.controlPlane)
      .run("systemctl stop kubelet && echo '# edited' >> /etc/containerd/config.toml");
    await fleet
      .runner(fleet.controlPlane)
      .run(
        "kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system delete configmap coredns && kubectl --kubeconfig /etc/kubernetes/admin.conf label node bootstrap-w1 tier-",
      );
    const expected = [
      "bootstrap-cp: configure containerd",
      "bootstrap-cp: restart containerd",
      "bootstrap-cp: start the kubelet",
      "bootstrap: change CoreDNS: ConfigMap kube-system/coredns",
      "bootstrap-w1: set on the Node: labels tier",
    ];
    assert.deepEqual(await fleet.pending(operation), expected);
    await fleet.apply(operation);
    assert.deepEqual(intents, expected);
    assert.deepEqual(await fleet.pending(operation), []);
  });

  it("does not touch a host that belongs to another cluster", async () => {
    const { operation, intents } = fleet.operation();
    const other = await bootstrap.createIdentity("other");
    const request = { cluster: fleet.cluster, identity: other, hosts: [fleet.controlPlane] };
    const hasCode = (error: unknown): boolean =>
      error instanceof KeelsonError && error.message.includes("KEELSON_HOST_OWNED");
    await assert.rejects(bootstrap.applyControlPlane(operation, request), hasCode);
    assert.deepEqual(intents, []);
    const left = await bootstrap.resetHosts(operation, { clusterId: other.clusterId, hosts: request.hosts });
    assert.deepEqual(left, { reset: [], silent: [] });
  });

  it("refuses to work on a host that another run works on, and names that run", async () => {
    const { operation } = fleet.operation({
      onPhase: () => undefined,
    });
    const session = await fleet
      .runner(fleet.worker)
      .open(
        "mkdir -p /run/keelson; exec 9<>/run/keelson/lock; flock 9; echo somebody >/run/keelson/lock.owner; echo held; cat",
      );
    const applied = bootstrap.applyWorker(operation, await fleet.workerRequest());
    await assert.rejects(applied, { code: "KEELSON_LOCKED", message: /"somebody"/ });
    await session.close();
  });

  it("removes a worker and leaves nothing of the cluster on its host", async () => {
    const { operation, intents } = fleet.operation();
    await bootstrap.removeWorker(operation, await fleet.workerRequest());
    assert.deepEqual(intents, ["bootstrap-w1: reset the host", "bootstrap-w1: remove the Node"]);
    assert.deepEqual(bootstrap.residue(await look(fleet.worker)), []);
    const { stdout } = await fleet
      .runner(fleet.controlPlane)
      .run("kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes -o name");
    assert.equal(stdout, "node/bootstrap-cp\n");
  });

  for (const [phase, delayMs] of [
    ["images", 1000],
    ["join", 400],
    ["join", 1500],
    ["Node ready", 500],
  ] as const) {
    it(`goes on after it was killed ${String(delayMs)} ms into "${phase}" of a worker`, async () => {
      await killIn(phase, delayMs);
    });
  }

  it("ends with a whole worker after all that", async () => {
    const { operation } = fleet.operation();
    await fleet.apply(operation);
    await waitForNothingPending(operation);
  });

  it("resets all hosts of the cluster, leaves them clean, and does nothing the second time", async () => {
    const { operation } = fleet.operation();
    const hosts = [fleet.controlPlane, fleet.worker];
    const request = { clusterId: fleet.identity.clusterId, hosts };
    assert.deepEqual(
      (await bootstrap.resetHosts(operation, request)).reset,
      hosts.map((host) => host.name),
    );
    for (const host of hosts) assert.deepEqual(bootstrap.residue(await look(host)), []);
    assert.deepEqual(await bootstrap.resetHosts(operation, request), { reset: [], silent: [] });
  });

  for (const [phase, delayMs] of [
    ["binaries", 1000],
    ["initialize", 1000],
    ["initialize", 4000],
    ["initialize", 7000],
  ] as const) {
    it(`goes on after it was killed ${String(delayMs)} ms into "${phase}" of the control plane`, async () => {
      await killIn(phase, delayMs);
    });
  }

  it("ends with a whole cluster after all that", async () => {
    const { operation } = fleet.operation();
    await fleet.apply(operation);
    await waitForNothingPending(operation);
  });

  it("passes a silent host over when it resets, and names it", async () => {
    await localMachines().powerOff(fleet.worker.name);
    const { operation } = fleet.operation();
    const hosts = [fleet.controlPlane, fleet.worker];
    const { reset, silent } = await bootstrap.resetHosts(operation, {
      clusterId: fleet.identity.clusterId,
      hosts,
    });
    assert.deepEqual({ reset, silent }, { reset: ["bootstrap-cp"], silent: ["bootstrap-w1"] });
  });

  /** The pods of the pod network are ready a moment after the Node that they make ready. */
  async function waitForNothingPending(operation: bootstrap.Operation): Promise<void> {
    await waitFor({
      what: "nothing to be pending",
      deadlineMs: 60_000,
      probe: async () => ((await fleet.pending(operation)).length === 0 ? true : undefined),
      diagnose: async () => (await fleet.pending(operation)).join(", "),
    });
  }

  /** The child may also get through before its time: then there was nothing to interrupt. */
  async function killIn(phase: string, delayMs: number): Promise<void> {
    const script = fileURLToPath(new URL("../support/killed-bootstrap.ts", import.meta.url));
    const child = spawn(process.execPath, [script, name, phase, String(delayMs)], {
      stdio: ["pipe", "inherit", "inherit"],
    });
    child.stdin.end(JSON.stringify(fleet.identity));
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
      child.once("exit", (...end) => {
        resolve(end);
      });
    });
    assert.ok(signal === "SIGKILL" || code === 0, `the child ended with ${String(code ?? signal)}`);
  }
});

/** A preview of a new cluster ends where it would need the API that is not there yet. */
function ignoreSilence(error: unknown): void {
  if (!KeelsonError.is(error) || error.code !== "KEELSON_API_UNAVAILABLE") throw error;
}
