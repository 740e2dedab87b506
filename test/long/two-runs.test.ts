import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateDirectory } from "../../stacks/engine/state.ts";
import type { Settings } from "../e2e/programs/ha/index.ts";
import { succeed } from "../support/command.ts";
import { DoomedRun } from "../support/doomed-run.ts";
import { MetalStack, type TimedRun } from "../support/metal-stack.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const fleet = "tworuns";
const kubectl = "/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf";
const owner = /\S+@\S+ \(process \d+\), who has been changing the cluster for \d+ (s|min)/;

describe("two runs on one cluster, with state in two backends", function () {
  this.timeout(900_000);
  let stack: MetalStack;
  let folder: string;

  before(async function () {
    skipWithoutLocalMachines(this);
    folder = await mkdtemp(join(tmpdir(), "keelson-backend-"));
    stack = await MetalStack.open(fleet);
    await stack.boot("cp1", "w1", "w2");
    await stack.up(cluster(["w1"]));
    await copyState();
  });

  after(async () => {
    await stack.close();
    await rm(folder, { recursive: true, force: true });
  });

  function cluster(workers: readonly string[], labels: Readonly<Record<string, string>> = {}): Settings {
    return {
      controlPlane: { hosts: stack.hosts("cp1") },
      pools: { general: { hosts: stack.hosts(...workers), labels } },
    };
  }

  /** Pulumi with the other backend. */
  function other(args: readonly string[], settings: Settings): Promise<TimedRun> {
    return stack.pulumi(args, settings, { KEELSON_STATE: join(folder, "state") });
  }

  /** What a colleague has who restored a backup of the stack. */
  async function copyState(): Promise<void> {
    const exported = join(folder, "stack.json");
    const settings = cluster(["w1"]);
    succeed(await stack.pulumi(["stack", "export", "--show-secrets", "--file", exported], settings));
    await mkdir(join(folder, "state"), { mode: 0o700 });
    await cp(join(stateDirectory(), "passphrase"), join(folder, "state", "passphrase"));
    succeed(await other(["stack", "init"], settings));
    succeed(await other(["stack", "import", "--file", exported], settings));
  }

  const up = ["up", "--yes", "--skip-preview"];

  it("lets the second wait for the first, and both come to their end", async () => {
    const first = new DoomedRun((env) => stack.pulumi(up, cluster(["w1", "w2"]), env));
    await first.until("the first holds the cluster", holder);

    const { output } = succeed(await other(up, cluster(["w1"], { tier: "second" })));

    assert.match(output, new RegExp(`waits for ${owner.source}`));
    succeed(await first.result());
    const labels = await stack.run("cp1", `${kubectl} get nodes -L tier --no-headers`);
    assert.match(labels, /w1 .*second/);
    assert.match(labels, /w2 /);
  });

  it("refuses an up and a destroy, with the owner's name, host and age, while the first goes on", async () => {
    await stack.runner("cp1").run(`${kubectl} create -f -`, { stdin: slowToLeave });
    await stack.run("cp1", `${kubectl} rollout status deployment/slow --timeout=60s`);
    const first = new DoomedRun((env) => stack.pulumi(up, cluster(["w1"]), env));
    await first.until("the first holds the cluster", holder);

    const update = await other(up, cluster(["w1"], { tier: "third" }));
    const destroy = await other(["destroy", "--yes", "--skip-preview"], cluster(["w1"]));

    for (const { exitCode, output } of [update, destroy]) {
      assert.notEqual(exitCode, 0);
      assert.match(output, new RegExp(`it is held by ${owner.source}`));
      assert.match(output, /KEELSON_LOCKED/);
    }
    succeed(await first.result());
    assert.match(await stack.run("cp1", `${kubectl} get nodes --no-headers`), /^cp1 .*\nw1 .*$/m);
  });

  it("takes the cluster over from a run that says nothing any more, after half a minute", async () => {
    const file = join(folder, "stopped");
    const stop = { KEELSON_TEST_STOP_AT: "WorkerNode:join", KEELSON_TEST_STOP_FILE: file };
    const first = new DoomedRun((env) => stack.pulumi(up, cluster(["w1", "w2"]), { ...env, ...stop }));
    await first.until(
      "the first stands still",
      async () => (await readFile(file, "utf8").catch(() => "")) || undefined,
    );

    const { output, seconds } = await other(up, cluster(["w1"], { tier: "fourth" }));
    await first.kill();

    assert.match(output, new RegExp(`waits for ${owner.source}`));
    assert.doesNotMatch(output, /KEELSON_LOCKED/);
    process.stdout.write(`      taken over and done after ${seconds.toFixed(0)} s\n`);
    assert.match(await stack.run("cp1", `${kubectl} get nodes -L tier --no-headers`), /w1 .*fourth/);
  });

  async function holder(): Promise<string | undefined> {
    const ask = `${kubectl} -n kube-system get lease keelson-run -o jsonpath='{.spec.holderIdentity}' 2>/dev/null || true`;
    return (await stack.run("cp1", ask)) || undefined;
  }
});

/** A pod on w2 that takes its time to leave. */
const slowToLeave = JSON.stringify({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "slow" },
  spec: {
    selector: { matchLabels: { app: "slow" } },
    template: {
      metadata: { labels: { app: "slow" } },
      spec: {
        nodeSelector: { "kubernetes.io/hostname": "w2" },
        terminationGracePeriodSeconds: 240,
        containers: [
          {
            name: "slow",
            image: "registry.k8s.io/pause:3.10.1",
            lifecycle: { preStop: { sleep: { seconds: 170 } } },
          },
        ],
      },
    },
  },
});
