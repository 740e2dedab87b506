import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { kubeletLeaf, planeLeaves } from "../../../bootstrap/certificates/leaves.ts";
import { paths } from "../../../bootstrap/paths.ts";
import { certificates } from "../../../bootstrap/phases/certificates.ts";
import { kubeletCredentials } from "../../../bootstrap/phases/kubelet-credentials.ts";
import { runPlan } from "../../../bootstrap/run-plan.ts";
import type { Step } from "../../../bootstrap/run-plan.ts";
import type { NodeView } from "../../../bootstrap/phases/node.ts";
import type { ControlPlaneView } from "../../../bootstrap/view.ts";
import { clusterHost, identity, operationOn, viewOf } from "../../support/bootstrap.ts";
import { SimulatedHost } from "../../support/simulated-host.ts";
import { blankFacts } from "../../../bootstrap/facts/blank.ts";

const fresh = "2099-01-01T00:00:00.000Z";
const over = "2026-01-02T03:04:05.000Z";

function joinedHost(role: "controlPlane" | "worker"): SimulatedHost {
  const name = role === "worker" ? "w1" : "cp1";
  const { kubernetes } = blankFacts({ name });
  const mark = role === "worker" ? {} : { initialized: identity.clusterId, etcdData: true, apiReady: true };
  const host = new SimulatedHost(name, { kubernetes: { ...kubernetes, kubeletConf: true, ...mark } });
  host.expire(fresh, role === "worker" ? [kubeletLeaf] : [...planeLeaves, kubeletLeaf]);
  return host;
}

/** Runs one step on the host, and resolves with its intents: of a preview, of the work, and of a second run. */
async function runTwice(
  simulated: SimulatedHost,
  role: "controlPlane" | "worker",
  step: Step<ControlPlaneView & NodeView>,
): Promise<readonly (readonly string[])[]> {
  const host = clusterHost(role);
  const target = {
    host: host.name,
    runner: simulated,
    look: () => Promise.resolve(viewOf(simulated, host)),
    judge: () => undefined,
  };
  const all: string[][] = [];
  for (const preview of [true, false, false]) {
    const { operation, intents } = operationOn([simulated], { preview });
    await runPlan(operation, target, [step]);
    all.push(intents);
  }
  return all;
}

function scriptOf(simulated: SimulatedHost): string {
  return (
    simulated.ran.find(({ command }) => command.includes("--unit=keelson-run-certificates"))?.stdin ?? ""
  );
}

describe("certificates", () => {
  it("leaves fresh ones alone", async () => {
    assert.deepEqual(await runTwice(joinedHost("controlPlane"), "controlPlane", [certificates]), [
      [],
      [],
      [],
    ]);
  });

  it("renews those that are due, as previewed, and is done", async () => {
    const host = joinedHost("controlPlane");
    const due = planeLeaves.filter(({ name }) => ["etcd-peer", "scheduler"].includes(name));
    host.expire(over, due);

    const [previewed, done, again] = await runTwice(host, "controlPlane", [certificates]);

    assert.deepEqual(previewed, [
      "renew certificates: etcd-peer (ended 2026-01-02), scheduler (ended 2026-01-02)",
    ]);
    assert.deepEqual([done, again], [previewed, []]);
  });

  it("starts anew only who reads its certificate once, and a kubelet that may be waiting", async () => {
    const soon = new Date(Date.now() + 20 * 24 * 60 * 60 * 1000).toISOString();
    const host = joinedHost("controlPlane");
    host.expire(
      soon,
      planeLeaves.filter(({ name }) => name !== "controller-manager"),
    );
    await runTwice(host, "controlPlane", [certificates]);
    const expired = joinedHost("controlPlane");
    expired.expire(over);
    await runTwice(expired, "controlPlane", [certificates]);

    const restarts = (script: string): readonly string[] =>
      script.match(/container\.name"==[\w-]+|restart kubelet/g) ?? [];
    assert.deepEqual(restarts(scriptOf(host)), ['container.name"==kube-scheduler']);
    assert.deepEqual(restarts(scriptOf(expired)), [
      'container.name"==kube-controller-manager',
      'container.name"==kube-scheduler',
      "restart kubelet",
    ]);
  });

  it("makes every certificate before it replaces the first, and each key before its certificate", async () => {
    const host = joinedHost("controlPlane");
    host.expire(over);
    await runTwice(host, "controlPlane", [certificates]);

    const script = scriptOf(host);

    assert.equal(spawnSync("sh", ["-n"], { input: script }).stderr.toString(), "");
    assert.ok(script.lastIndexOf("kubeadm init phase") < script.indexOf("mv -f"));
    for (const { path, kind } of planeLeaves) {
      const placed = script.indexOf(` ${path}\n`);
      assert.ok(placed > 0, path);
      if (kind === "certificate")
        assert.ok(script.indexOf(` ${path.replace(/crt$/, "key")}\n`) < placed, path);
    }
  });

  it("does nothing to a host that is no control plane yet", () => {
    const host = new SimulatedHost("cp1");
    assert.deepEqual(certificates.plan(viewOf(host, clusterHost("controlPlane"))), []);
  });
});

describe("kubeletCredentials", () => {
  it("gives a kubelet whose certificate has ended another one, and forgets the token", async () => {
    const host = joinedHost("worker");
    host.expire(over, [kubeletLeaf]);

    const [previewed, done, again] = await runTwice(host, "worker", [kubeletCredentials]);

    assert.deepEqual(previewed, ["renew the kubelet's certificate: ended 2026-01-02"]);
    assert.deepEqual([done, again], [previewed, []]);
    assert.equal(host.modes.get(paths.bootstrapKubeletConf), 0o600);
    assert.ok(host.commands.includes(`rm -f ${paths.bootstrapKubeletConf}`));
  });
});
