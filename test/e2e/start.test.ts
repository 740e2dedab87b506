import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { access, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { localMachines } from "../../machines/index.ts";
import { waitFor } from "../../remote/wait.ts";
import { waitForAnswers } from "../../scripts/local/clusters.ts";
import { project, stack } from "../../scripts/local/stack.ts";
import { processesOf } from "../../scripts/testing/leftovers.ts";
import { fleetName } from "../../stacks/components/fleet-name.ts";
import { stateDirectory } from "../../stacks/engine/state.ts";
import { resolve } from "../../toolchain/index.ts";
import { type CommandResult, interruptOnTerminal, runCommand, succeed } from "../support/command.ts";
import { itLong } from "../support/long.ts";
import { runScript } from "../support/pulumi-cli.ts";
import { killTree } from "../support/process-tree.ts";
import { skipBecause, skipWithoutLocalMachines } from "../support/skip.ts";

const fleet = fleetName(project, stack);
const state = stateDirectory();
const clusters = ["east", "west"];
const machines = clusters.flatMap((cluster) => ["cp1", "w1"].map((host) => `${fleet}-${cluster}-${host}`));
/** What machines run on: it outlives the run that started it. */
const lasting = ["supervise.sh", "serveMirror"];

interface NodeState {
  readonly name: string;
  readonly ready: boolean;
  readonly bootId: string;
}

/** Every test goes on with the clusters as the one before has left them. */
describe("npm start and npm run stop", function () {
  this.timeout(600_000);
  const settings = join(import.meta.dirname, `../../Pulumi.${stack}.yaml`);
  let urls: string[] = [];

  before(function () {
    skipWithoutLocalMachines(this);
    if (process.env["KEELSON_STATE"] === undefined) {
      skipBecause(
        this,
        "without KEELSON_STATE these are your own clusters: npm test -- test/e2e/start.test.ts",
      );
    }
  });

  after(async () => {
    for (const machine of await localMachines().list(fleet)) await localMachines().destroy(machine);
    await rm(settings, { force: true });
  });

  it("ends at one Ctrl-C with everything saved that was made", async () => {
    const { exitCode, output } = await interruptOnTerminal(
      "npm start",
      /install packages|fetch container images|import images/,
    );

    assert.notEqual(exitCode, 0);
    assert.match(output, /Run npm start again/);
    assert.deepEqual(await runningParts(), []);
    const { resources = [], pending_operations = [] } = await exportState();
    assert.deepEqual(pending_operations, []);
    assert.deepEqual(resources.filter((type) => type === "keelson:index:LocalMachine").length, 4);
  });

  itLong("goes on after that, until it is killed while it makes a control plane", async () => {
    const { output } = await startAndKill(/initialize the control plane/);

    assert.doesNotMatch(output, /lock/i);
    assert.doesNotMatch(output, /create the machine/);
    assert.deepEqual(await runningParts(), []);
  });

  itLong("goes on after that, until everything loses its power while a worker joins", async () => {
    await startAndKill(/join the cluster with kubeadm/, () =>
      Promise.all(machines.map((machine) => localMachines().powerOff(machine))),
    );

    assert.deepEqual(await runningParts(), []);
  });

  it("converges after all that, with an app that answers on both clusters", async () => {
    const { output } = await start();

    urls = [...output.matchAll(/^ {2}curl (\S+)$/gm)].map(([, url = ""]) => url);
    const answers = await Promise.all(urls.map(async (url) => (await fetch(url)).json()));
    const seen = answers.map((answer) => (answer as { cluster: string }).cluster);
    assert.deepEqual(seen.sort(), ["east", "east", "west", "west"]);
    assert.deepEqual(await readyNodes(), ["east cp1", "east w1", "west cp1", "west w1"]);
  });

  it("writes kubeconfigs that only their owner may read", async () => {
    const modes = await Promise.all(
      clusters.map(async (cluster) => (await stat(kubeconfig(cluster))).mode & 0o777),
    );

    assert.deepEqual(modes, [0o600, 0o600]);
  });

  it("changes nothing the second time", async () => {
    await previewNoChanges();
    const { output } = await start();

    assert.match(output, /\d+ unchanged/);
    assert.doesNotMatch(output, /\d+ (updated|created|deleted|replaced)/);
    assert.doesNotMatch(output, /\b(cp1|w1|east|west): [a-z]/);
  });

  itLong("needs no help after all machines were rebooted at once", async () => {
    const before = new Set((await nodes()).map(({ bootId }) => bootId));
    assert.equal(before.size, 4);

    await Promise.all(machines.map((machine) => localMachines().reboot(machine)));

    const isBack = async (): Promise<true | undefined> => {
      const now = await nodes().catch(() => []);
      const fresh = now.filter(({ ready, bootId }) => ready && !before.has(bootId));
      return fresh.length === 4 ? true : undefined;
    };
    await waitFor({ what: "the nodes to come back", deadlineMs: 180_000, probe: isBack });
    await waitForAnswers(urls);
    await previewNoChanges();
  });

  itLong("starts a machine that was switched off", async () => {
    await localMachines().powerOff(`${fleet}-west-w1`);

    const { output } = await start();

    assert.match(output, /west-w1: start the machine/);
    assert.deepEqual(await readyNodes(), ["east cp1", "east w1", "west cp1", "west w1"]);
    await previewNoChanges();
  });

  it("stops with one cluster switched off, and leaves nothing", async () => {
    for (const host of ["cp1", "w1"]) await localMachines().powerOff(`${fleet}-west-${host}`);

    succeed(await timed("npm run stop", ["run", "stop"]));

    assert.deepEqual(await localMachines().list(fleet), []);
    assert.deepEqual(await runningParts(), []);
    const stacks = await runScript("pulumi.ts", ["stack", "ls", "--json"]);
    assert.deepEqual(JSON.parse(succeed(stacks).stdout), []);
    for (const path of [settings, join(state, stack)]) await assert.rejects(access(path), { code: "ENOENT" });
  });
});

async function start(): Promise<CommandResult> {
  return succeed(await timed("npm start", ["start"]));
}

/** Kills the whole run when its output matches. What machines run on is spared, and may be ended afterwards. */
async function startAndKill(pattern: RegExp, afterwards?: () => Promise<unknown>): Promise<CommandResult> {
  let killed = 0;
  const result = await runCommand("npm", ["start"], {
    when: {
      isDue: (output) => pattern.test(output),
      act: async ({ pid }) => {
        assert.ok(pid);
        killed = killTree(pid, lasting);
        await afterwards?.();
      },
    },
  });
  // At least npm, start.ts, pulumi, its language host, the program and the provider.
  assert.ok(killed >= 6, `${killed} processes were killed:\n${result.output}`);
  return result;
}

async function timed(title: string, args: readonly string[]): Promise<CommandResult> {
  const began = performance.now();
  const result = await runCommand("npm", args);
  process.stdout.write(`      ${title}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  return result;
}

/** The processes of runs that still live: everything with this state folder but machines and the test itself. */
async function runningParts(): Promise<string[]> {
  const found = (await processesOf(state)).map(({ command }) => command);
  return found.filter((command) => /pulumi|provider\.mjs|scripts\/st/.test(command));
}

async function previewNoChanges(): Promise<void> {
  succeed(
    await runScript("pulumi.ts", [
      "preview",
      "--expect-no-changes",
      "--diff",
      "--non-interactive",
      "--stack",
      stack,
    ]),
  );
}

async function exportState(): Promise<{ resources?: string[]; pending_operations?: unknown[] }> {
  const { stdout } = succeed(await runScript("pulumi.ts", ["stack", "export", "--stack", stack]));
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources?: { type: string }[]; pending_operations?: unknown[] };
  };
  return { ...deployment, resources: (deployment.resources ?? []).map(({ type }) => type) };
}

async function readyNodes(): Promise<string[]> {
  return (await nodes()).filter(({ ready }) => ready).map(({ name }) => name);
}

function kubeconfig(cluster: string): string {
  return join(state, stack, `${cluster}.kubeconfig`);
}

/** The nodes of both clusters as `cluster node`. */
async function nodes(): Promise<NodeState[]> {
  const { directory } = await resolve("kubectl");
  const lists = clusters.map(async (cluster) => {
    const args = ["--kubeconfig", kubeconfig(cluster), "get", "nodes", "-o", "json", "--request-timeout=5s"];
    const { stdout } = await promisify(execFile)(join(directory, "kubectl"), args);
    const { items } = JSON.parse(stdout) as {
      items: {
        metadata: { name: string };
        status: { conditions: { type: string; status: string }[]; nodeInfo: { bootID: string } };
      }[];
    };
    return items.map(({ metadata, status }) => ({
      name: `${cluster} ${metadata.name}`,
      ready: status.conditions.some((each) => each.type === "Ready" && each.status === "True"),
      bootId: status.nodeInfo.bootID,
    }));
  });
  return (await Promise.all(lists)).flat();
}
