import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { localMachines } from "../../machines/index.ts";
import { fleetName } from "../../stacks/components/fleet-name.ts";
import { stateDirectory } from "../../stacks/engine/state.ts";
import { resolve } from "../../toolchain/index.ts";
import { onMachine } from "../support/on-machine.ts";
import { privateKeysIn } from "../support/private-keys.ts";
import { succeed } from "../support/command.ts";
import { type CommandOptions, type CommandResult, pulumiStack } from "../support/pulumi-cli.ts";
import { findSecret } from "../support/secret-search.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const project = "one-cluster";
const fleet = fleetName(project, "test");
const controlPlane = `${fleet}-solo-cp1`;
const worker = `${fleet}-solo-w1`;
const twoWorkers = { TEST_WORKERS: "2" };

describe("pulumi up on machines of this computer", function () {
  this.timeout(1_200_000);
  const pulumi = pulumiStack(project, "test");

  before(async function () {
    skipWithoutLocalMachines(this);
    succeed(await pulumi(["stack", "init"]));
  });

  after(async () => {
    for (const machine of await localMachines().list(fleet)) await localMachines().destroy(machine);
    await rm(join(import.meta.dirname, "../e2e/programs", project, "Pulumi.test.yaml"), { force: true });
  });

  const up = (options?: CommandOptions, ...more: string[]): Promise<CommandResult> =>
    pulumi(["up", "--yes", "--skip-preview", ...more], options);

  it("previews a new cluster in full and makes nothing", async () => {
    const { output } = succeed(await pulumi(["preview"]));

    assert.match(output, /cp1: .*claim the host for cluster "solo".*/);
    assert.match(output, /w1: .*join the cluster with kubeadm/);
    assert.deepEqual(await localMachines().list(fleet), []);
  });

  it("makes one resource at a time, and saves what was done when it is interrupted once", async () => {
    const { exitCode, output } = await up({ interruptAt: "w1: join the cluster" }, "--parallel", "1");

    assert.notEqual(exitCode, 0);
    assert.match(output, /KEELSON_ABORTED|update canceled/);
  });

  it("goes on from there to its end", async () => {
    succeed(await up({}, "--parallel", "1"));

    assert.deepEqual(await readyNodes(), ["cp1", "w1"]);
  });

  it("changes nothing the second time", async () => {
    succeed(await pulumi(["preview", "--expect-no-changes"]));
    const { output } = succeed(await up());

    assert.match(output, /\d+ unchanged/);
    assert.doesNotMatch(output, /\d+ (updated|created|deleted|replaced)/);
  });

  it("keeps every private key out of state, its backups and logs", async () => {
    const { stdout } = succeed(await pulumi(["stack", "export", "--show-secrets"]));
    const keys = privateKeysIn(JSON.parse(stdout));
    assert.ok(keys.length >= 5, `only ${keys.length} keys in state`);

    for (const key of keys) assert.deepEqual(await findSecret(key, [join(stateDirectory(), "stacks")]), []);
  });

  it("repairs a cluster whose machines lost their power", async () => {
    await Promise.all([controlPlane, worker].map((machine) => localMachines().powerOff(machine)));
    const { output } = succeed(await pulumi(["preview"]));
    assert.match(output, /start the machine/);

    succeed(await up());

    assert.deepEqual(await readyNodes(), ["cp1", "w1"]);
  });

  it("adds a worker exactly as its preview says, and touches no other node", async () => {
    const preview = succeed(await pulumi(["preview"], { env: twoWorkers }));
    const update = succeed(await up({ env: twoWorkers }, "--parallel", "1"));

    assert.deepEqual(changed(update.output, "created"), changed(preview.output, "create"));
    assert.deepEqual(changed(update.output, "updated"), changed(preview.output, "update"));
    assert.deepEqual(await readyNodes(), ["cp1", "w1", "w2"]);
  });

  it("removes a worker from the cluster before its machine goes", async () => {
    succeed(await up());

    assert.deepEqual(await readyNodes(), ["cp1", "w1"]);
    assert.deepEqual((await localMachines().list(fleet)).length, 2);
  });

  it("adds the one worker that is targeted, with its machine", async () => {
    // What the next test is about: the API notices it after most of a minute.
    await onMachine(worker, "systemctl disable --now kubelet");

    // Pulumi looks for whole names among what is there already, and for patterns among what is to come, too.
    const { output } = succeed(await up({ env: twoWorkers }, "--target", "**::solo-w2"));

    assert.deepEqual(changed(output, "created"), ["LocalMachine solo-w2", "WorkerNode solo-w2"]);
    assert.deepEqual(changed(output, "updated"), []);
    assert.ok((await readyNodes()).includes("w2"));
  });

  it("repairs the one worker that is targeted", async () => {
    await kubectl(["wait", "node/w1", "--for", "condition=Ready=Unknown", "--timeout", "120s"]);

    const target =
      "urn:pulumi:test::one-cluster::keelson:index:LocalCluster$keelson:index:WorkerNode::solo-w1";
    const { output } = succeed(await up({ env: twoWorkers }, "--target", target));

    assert.deepEqual(changed(output, "updated"), ["WorkerNode solo-w1"]);
    assert.deepEqual(await readyNodes(), ["cp1", "w1", "w2"]);
    assert.equal(await onMachine(worker, "systemctl is-enabled kubelet"), "enabled\n");
  });

  it("takes over what was targeted, and has nothing left to do", async () => {
    succeed(await up({ env: twoWorkers }));

    succeed(await pulumi(["preview", "--expect-no-changes"], { env: twoWorkers }));
  });

  it("destroys everything", async () => {
    succeed(await pulumi(["destroy", "--yes", "--skip-preview", "--remove"]));

    assert.deepEqual(await localMachines().list(fleet), []);
  });

  async function readyNodes(): Promise<string[]> {
    const { stdout } = await kubectl(["get", "nodes", "--no-headers"]);
    const rows = stdout
      .trim()
      .split("\n")
      .map((row) => row.split(/\s+/));
    return rows.filter(([, status]) => status === "Ready").map(([name = ""]) => name);
  }

  async function kubectl(args: readonly string[]): Promise<{ stdout: string }> {
    const { stdout } = succeed(await pulumi(["stack", "output", "kubeconfig", "--show-secrets"]));
    const { directory } = await resolve("kubectl");
    const kubeconfig = join(stateDirectory(), "test.kubeconfig");
    await writeFile(kubeconfig, stdout, { mode: 0o600 });
    return await promisify(execFile)(join(directory, "kubectl"), ["--kubeconfig", kubeconfig, ...args]);
  }
});

/** The nodes and machines that a run names with that word, sorted. */
function changed(output: string, word: string): string[] {
  const rows = output.matchAll(new RegExp(`keelson:index:(\\S+) (\\S+) ${word}\\b`, "g"));
  return [...new Set([...rows].map(([, type = "", name = ""]) => `${type} ${name}`))].sort();
}
