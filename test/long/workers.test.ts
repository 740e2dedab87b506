import assert from "node:assert/strict";
import type { Pool } from "../../stacks/components/bare-metal-cluster.ts";
import type { Settings } from "../e2e/programs/ha/index.ts";
import { succeed } from "../support/command.ts";
import { killAt } from "../support/doomed-run.ts";
import { MetalStack } from "../support/metal-stack.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";
import { watch } from "../support/watch.ts";

const kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf";
const app = "app.kubernetes.io/name=demo";

describe("workers that come, go and are made anew", function () {
  this.timeout(900_000);
  let stack: MetalStack;

  before(async function () {
    skipWithoutLocalMachines(this);
    stack = await MetalStack.open("workers");
    await stack.boot("cp1", "w1", "w2");
    await stack.up(cluster({ general: { hosts: stack.hosts("w1", "w2") } }));
  });

  after(() => stack.close());

  it("keeps a worker whose pods a budget keeps, says so, and touches nothing", async () => {
    const [{ namespace }] = await pods();
    await ask(`-n ${namespace} create pdb keeps-all --selector=${app} --min-available=100%`);

    const { exitCode, output } = await stack.pulumi(["up", "--yes", "--skip-preview"], withW1());

    assert.notEqual(exitCode, 0);
    assert.match(output, /KEELSON_DRAIN_BLOCKED/);
    assert.doesNotMatch(await ask("get nodes"), /SchedulingDisabled/);
    await ask(`-n ${namespace} delete pdb keeps-all`);
  });

  it("drains a worker within the budgets of its pods, and the app goes on answering", async () => {
    const { address } = stack.machine("w1");
    const watched = watch(async (signal) => {
      const response = await fetch(`http://${address}:30080/`, { signal, headers: { connection: "close" } });
      await response.text();
      assert.ok(response.ok);
    });
    await watched.answered;

    await stack.up(withW1(), "--parallel", "1");

    const { asked, failures } = await watched.end();
    process.stdout.write(`      ${String(failures.length)} of ${String(asked)} requests failed\n`);
    assert.deepEqual(failures, []);
    assert.deepEqual(await readyNodes(), ["cp1", "w1"]);
    assert.deepEqual([...new Set((await pods()).map(({ node }) => node))], ["w1"]);
  });

  it("adds the same machine under the same address again", async () => {
    await stack.up(both(), "--parallel", "1");

    assert.deepEqual(await readyNodes(), ["cp1", "w1", "w2"]);
  });

  it("makes a worker anew whose generation is another one, and no other", async () => {
    const before = await uids();

    await stack.up(both({ w2: { ...stack.host("w2"), generation: 2 } }));

    const after = await uids();
    assert.notEqual(after["w2"], before["w2"]);
    assert.equal(after["w1"], before["w1"]);
  });

  it("makes a worker anew that is named to --replace", async () => {
    const before = await uids();
    const { stdout } = succeed(await stack.pulumi(["stack", "--show-urns"], both()));
    const [urn = ""] = /urn:\S+WorkerNode::ha-w1/.exec(stdout) ?? [];

    await stack.up(both({ w2: { ...stack.host("w2"), generation: 2 } }), "--replace", urn);

    const after = await uids();
    assert.notEqual(after["w1"], before["w1"]);
    assert.equal(after["w2"], before["w2"]);
  });

  it("joins a host anew that was installed anew, under the name of its Node", async () => {
    const before = await uids();
    await stack.reinstall("w2");

    await stack.up(both({ w2: { ...stack.host("w2"), generation: 2 } }));

    assert.deepEqual(await readyNodes(), ["cp1", "w1", "w2"]);
    assert.notEqual((await uids())["w2"], before["w2"]);
  });

  it("moves a worker to another pool without a drain", async () => {
    const before = await uids();

    await stack.up(inPools());

    assert.deepEqual(await uids(), before);
    assert.match(await ask("get node w2 --show-labels"), /keelson\.dev\/pool=batch/);
    await stack.up(inPools(), "--expect-no-changes");
  });

  it("lets a worker go on under another name", async () => {
    const before = await uids();

    await stack.up(renamed(), "--parallel", "1");

    assert.deepEqual(await uids(), before);
    assert.deepEqual(await readyNodes(), ["cp1", "w1", "w2"]);
    await stack.up(renamed(), "--expect-no-changes");
  });

  for (const title of ["drain", "reset"]) {
    it(`goes on after it died at "${title}" of a worker that leaves`, async () => {
      await killAt(`WorkerNode:${title}`, title === "drain" ? "run" : "provider", (env) =>
        stack.pulumi(["up", "--yes", "--skip-preview"], withW1(), env),
      );
    });
  }

  it("ends without that worker, and gives no Node back cordoned", async () => {
    await stack.up(withW1());

    assert.deepEqual(await readyNodes(), ["cp1", "w1"]);
    assert.doesNotMatch(await ask("get nodes"), /SchedulingDisabled/);
    await stack.up(withW1(), "--expect-no-changes");
  });

  it("is destroyed one resource at a time", async () => {
    succeed(await stack.pulumi(["destroy", "--yes", "--skip-preview", "--parallel", "1"], withW1()));
  });

  function cluster(pools: Readonly<Record<string, Pool>>): Settings {
    return { release: "1", controlPlane: { hosts: stack.hosts("cp1") }, pools };
  }

  function withW1(): Settings {
    return cluster({ general: { hosts: stack.hosts("w1") } });
  }

  function both(changed: Pool["hosts"] = {}): Settings {
    return cluster({ general: { hosts: { ...stack.hosts("w1", "w2"), ...changed } } });
  }

  function inPools(): Settings {
    const w2 = { ...stack.host("w2"), generation: 2 };
    return cluster({ general: { hosts: stack.hosts("w1") }, batch: { hosts: { w2 } } });
  }

  function renamed(): Settings {
    const other = { ...stack.host("w2"), nodeName: "w2", generation: 2 };
    return cluster({ general: { hosts: stack.hosts("w1") }, batch: { hosts: { other } } });
  }

  function ask(what: string): Promise<string> {
    return stack.run("cp1", `${kubectl} ${what}`);
  }

  async function readyNodes(): Promise<readonly string[]> {
    const rows = (await ask("get nodes --no-headers")).trim().split("\n");
    return rows.flatMap((row) => (/^(\S+) +Ready /.exec(row) ?? []).slice(1)).sort();
  }

  async function uids(): Promise<Readonly<Record<string, string>>> {
    const form = String.raw`'{range .items[*]}{.metadata.name} {.metadata.uid}{"\n"}{end}'`;
    const rows = (await ask(`get nodes -o jsonpath=${form}`)).trim().split("\n");
    return Object.fromEntries(rows.map((row) => row.split(" ") as [string, string]));
  }

  async function pods(): Promise<readonly [AppPod, ...AppPod[]]> {
    const rows = (await ask(`get pods -A -l ${app} --no-headers -o wide`)).trim().split("\n");
    const found = rows.map((row) => {
      const [namespace = "", , , , , , , node = ""] = row.split(/ +(?![^(]*\))/);
      return { namespace, node };
    });
    return found as [AppPod, ...AppPod[]];
  }
});

interface AppPod {
  readonly namespace: string;
  readonly node: string;
}
