import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { drain, cordon } from "../../kube/drain.ts";
import { hasStatus } from "../../kube/errors.ts";
import type { KubeObject } from "../../kube/object.ts";
import { command } from "../../remote/quote.ts";
import { waitFor } from "../../remote/wait.ts";
import { AppCluster } from "../support/app-cluster.ts";
import { nodeVolumes, samplePorts, samples, samplesNamespace } from "../support/app-samples.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const name = "constructs";
const root = join(import.meta.dirname, "../..");
const batch = "/apis/batch/v1";
const core = "/api/v1";

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      readonly containerID: string;
      readonly restartCount: number;
      readonly ready: boolean;
    }[];
  };
}

interface Answer {
  readonly name?: string;
  readonly message?: string;
  readonly error?: string;
  readonly uses?: Readonly<Record<string, Answer>>;
}

describe("Constructs on a real cluster", function () {
  this.timeout(900_000);
  let cluster: AppCluster;

  before(async function () {
    skipWithoutLocalMachines(this);
    cluster = await AppCluster.open(name, 2);
    const folders = Object.fromEntries(
      ["w1", "w2"].map((node) => [node, [0, 1, 2].map((index) => `/var/lib/volumes/${index}`)]),
    );
    for (const [node, paths] of Object.entries(folders)) await cluster.run(node, command`mkdir -p ${paths}`);
    await cluster.apply(nodeVolumes(folders));
  });

  after(async () => {
    await (cluster as AppCluster | undefined)?.close();
    await AppCluster.destroy(name);
  });

  const podsOf = async (app: string): Promise<readonly Pod[]> => {
    const pods = await cluster.list<Pod & KubeObject>(samplesNamespace, "pods", core);
    return pods.filter(
      ({ metadata, status }) =>
        metadata.labels?.["app.kubernetes.io/name"] === app &&
        metadata.deletionTimestamp === undefined &&
        status.phase === "Running",
    );
  };

  /** What a program answers at a port of a node. */
  async function ask(port: number, node = "w1"): Promise<Answer> {
    const response = await fetch(`http://${cluster.address(node)}:${port}/`, {
      signal: AbortSignal.timeout(15_000),
    });
    return (await response.json()) as Answer;
  }

  it("become ready, a sample of each kind, where only restricted pods are admitted", async () => {
    await cluster.apply(samples("one"));
    await cluster.settle(samplesNamespace);

    const agents = (await podsOf("agent")).map(({ spec }) => spec.nodeName);
    assert.deepEqual(agents.toSorted(), cluster.nodes.toSorted());
    const jobs = await cluster.list(samplesNamespace, "jobs", batch);
    assert.ok(jobs.some(({ metadata }) => metadata.name.startsWith("job-")));
  });

  it("answer at a port of every node", async () => {
    for (const node of ["w1", "w2"]) assert.equal((await ask(samplePorts.web, node)).message, "one");
  });

  it("let in who uses a program, and nobody else", async () => {
    const [client, stranger, confined] = await Promise.all([
      ask(samplePorts.client),
      ask(samplePorts.stranger),
      ask(samplePorts.confined),
    ]);

    assert.deepEqual(
      ["inner", "secret"].map((name) => said(client, name)),
      ["inner", "secret"],
    );
    assert.equal(said(stranger, "inner"), "inner");
    assert.match(said(stranger, "secret"), /deadline|Timeout/);
    for (const name of ["inner", "secret"]) assert.match(said(confined, name), /deadline|Timeout/);
  });

  it("keep their data when a pod goes, whoever wrote it", async () => {
    const entries = async (): Promise<string> => {
      const pods = await podsOf("store");
      const texts = pods.map(({ spec, status }) => readEntries(spec.nodeName, status));
      return (await Promise.all(texts)).join("\n");
    };
    await waitFor({
      what: "entries of the worker, the job and the scheduled job",
      deadlineMs: 90_000,
      probe: async () => {
        const found = await entries();
        return ["worker by", "job by", "scheduled by"].every((text) => found.includes(text)) || undefined;
      },
      diagnose: entries,
    });
    const [pod] = await podsOf("store");
    assert.ok(pod);
    const before = await readEntries(pod.spec.nodeName, pod.status);
    await cluster.client.request({
      method: "DELETE",
      path: `${core}/namespaces/${samplesNamespace}/pods/${pod.metadata.name}`,
    });

    const again = await waitFor({
      what: "the pod to come back",
      deadlineMs: 60_000,
      probe: async () =>
        (await podsOf("store")).find(
          ({ metadata, status }) =>
            metadata.name === pod.metadata.name &&
            metadata.uid !== pod.metadata.uid &&
            status.containerStatuses?.[0]?.ready,
        ),
    });
    const after = await readEntries(again.spec.nodeName, again.status);
    assert.equal(after.slice(0, before.length), before);
  });

  it("are replaced when their process is killed", async () => {
    const [pod] = await podsOf("web");
    assert.ok(pod);
    const pid = await processOf(pod.spec.nodeName, pod.status);
    await cluster.run(pod.spec.nodeName, command`kill -9 ${pid}`);

    await waitFor({
      what: "the program to run again",
      deadlineMs: 60_000,
      probe: async () => {
        const now = (await podsOf("web")).find(({ metadata }) => metadata.uid === pod.metadata.uid);
        const [status] = now?.status.containerStatuses ?? [];
        return status?.restartCount === 1 && status.ready ? true : undefined;
      },
    });
  });

  it("roll once when their configuration changes, and not when nothing does", async () => {
    const setsOf = async (app: string): Promise<number> => {
      const sets = await cluster.list(samplesNamespace, "replicasets");
      return sets.filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/name"] === app).length;
    };
    assert.deepEqual([await setsOf("web"), await setsOf("inner")], [1, 1]);

    await cluster.apply(samples("two"));
    await cluster.settle(samplesNamespace);
    assert.equal((await ask(samplePorts.web)).message, "two");
    assert.deepEqual([await setsOf("web"), await setsOf("inner")], [2, 1]);
    const pods = (await podsOf("web")).map(({ metadata }) => metadata.uid).toSorted();

    await cluster.apply(samples("two"));
    await cluster.settle(samplesNamespace);
    assert.equal(await setsOf("web"), 2);
    assert.deepEqual((await podsOf("web")).map(({ metadata }) => metadata.uid).toSorted(), pods);
  });

  it("keep to their budget while a node is drained", async () => {
    const [first, second] = await podsOf("web");
    const evict = (pod: Pod | undefined): Promise<unknown> =>
      cluster.client.request({
        method: "POST",
        path: `${core}/namespaces/${samplesNamespace}/pods/${pod?.metadata.name}/eviction`,
        body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod?.metadata.name } },
      });
    await evict(first);
    await assert.rejects(evict(second), (error) => hasStatus(error, 429));
    await cluster.settle(samplesNamespace);

    const nodes = (await podsOf("web")).map(({ spec }) => spec.nodeName);
    const crowded = ["w1", "w2"].toSorted((a, b) => count(nodes, b) - count(nodes, a))[0]!;
    assert.ok(count(nodes, crowded) >= 2);
    const available: number[] = [];
    const watching = new AbortController();
    const watch = watchAvailable(available, watching.signal);
    // Its volumes are folders of the node, so the store has nowhere to go.
    await drain(cluster.client, crowded, { timeoutSeconds: 120, bestEffort: true });
    watching.abort();
    await watch;

    assert.ok(available.length > 3);
    assert.ok(Math.min(...available) >= 2, available.join());
    assert.equal(
      count(
        (await podsOf("web")).map(({ spec }) => spec.nodeName),
        crowded,
      ),
      0,
    );
    await cordon(cluster.client, crowded, false);
    await cluster.settle(samplesNamespace);
  });

  const examples: readonly (readonly [string, number, (answer: Answer) => void])[] = [
    [
      "podinfo",
      30_181,
      ({ uses }) => {
        assert.equal(uses?.["backend"]?.message, "greetings from podinfo");
      },
    ],
    [
      "guestbook",
      30_182,
      (answer) => {
        assert.equal(said(answer, "store"), "store-0");
      },
    ],
    [
      "shop",
      30_183,
      (answer) => {
        const all = ["ads", "cart", "carts", "catalog", "checkout", "currency", "email", "frontend"];
        const more = ["payment", "recommendations", "shipping"];
        assert.deepEqual([...namesIn(answer)].toSorted(), [...all, ...more]);
        assert.doesNotMatch(JSON.stringify(answer), /"error"/);
      },
    ],
  ];
  for (const [example, port, check] of examples) {
    it(`run the example "${example}", whose parts find each other by what they use`, async () => {
      await cluster.apply(await synthesize(example));
      await cluster.settle(example);

      // A pod is ready a moment before every node leads to it.
      let wrong = "";
      await waitFor({
        what: `${example} to answer in full`,
        deadlineMs: 30_000,
        probe: async () => {
          try {
            check(await ask(port));
            return true;
          } catch (error) {
            wrong = String(error);
            return undefined;
          }
        },
        diagnose: () => Promise.resolve(wrong),
      });
      if (example === "guestbook") {
        const url = `http://${cluster.address("w2")}:${port}/entries`;
        await fetch(url, { method: "POST", body: "hello" });
        assert.match(await (await fetch(url)).text(), /^hello$/m);
      }
    });
  }

  async function watchAvailable(seen: number[], signal: AbortSignal): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${samplesNamespace}/deployments/web`;
    while (!signal.aborted) {
      const found = await cluster.client.find<{ status: { availableReplicas?: number } }>(path);
      seen.push(found?.status.availableReplicas ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async function processOf(node: string, status: Pod["status"]): Promise<string> {
    const id = status.containerStatuses?.[0]?.containerID.replace("containerd://", "") ?? "";
    const tasks = await cluster.run(node, "ctr -n k8s.io tasks list");
    const pid = new RegExp(`^${id}\\s+(\\d+)`, "m").exec(tasks)?.[1];
    assert.ok(pid, tasks);
    return pid;
  }

  /** The entries that a pod of the store keeps, read on its node. */
  async function readEntries(node: string, status: Pod["status"]): Promise<string> {
    const pid = await processOf(node, status);
    return await cluster.run(node, `cat /proc/${pid}/root/data/entries 2>/dev/null || true`);
  }
});

/** Runs an example as its first lines say, and reads what it wrote. */
async function synthesize(example: string): Promise<readonly KubeObject[]> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-example-"));
  try {
    const program = join(root, "examples", example, "main.ts");
    const env = { ...process.env, CDK8S_OUTDIR: folder };
    await promisify(execFile)(process.execPath, ["--conditions=keelson-source", program], { env });
    const files = (await readdir(folder)).filter((file) => file.endsWith(".yaml"));
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    return texts.flatMap((text) => parseAllDocuments(text).map((each) => each.toJS() as KubeObject));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function* namesIn({ name: own, uses = {} }: Answer, seen = new Set<string>()): Generator<string> {
  const short = own?.replace(/-\d+$/, "") ?? "";
  if (!seen.has(short)) {
    seen.add(short);
    yield short;
  }
  for (const each of Object.values(uses)) yield* namesIn(each, seen);
}

/** The name that a program answered with, or why there was no answer. */
function said({ uses = {} }: Answer, name: string): string {
  const answer = uses[name];
  return answer?.name ?? answer?.error ?? "was not asked";
}

function count(all: readonly string[], wanted: string): number {
  return all.filter((each) => each === wanted).length;
}
