import assert from "node:assert/strict";
import { drain, cordon } from "../../kube/drain.ts";
import { hasStatus } from "../../kube/errors.ts";
import type { KubeObject } from "../../kube/object.ts";
import { command } from "../../remote/quote.ts";
import { waitFor } from "../../remote/wait.ts";
import { type Answer, ask, type Asked, said } from "../support/app-answers.ts";
import { AppCluster } from "../support/app-cluster.ts";
import { examples, synthesize } from "../support/app-examples.ts";
import { gateway, gatewayObjects, gatewayPort } from "../support/app-gateway.ts";
import { entriesOf, type Pod, podsOf as podsIn, processOf } from "../support/app-pods.ts";
import {
  developers,
  farNamespace,
  nodeVolumes,
  samplePorts,
  samples,
  samplesNamespace,
} from "../support/app-samples.ts";
import { skipWithoutLocalMachines } from "../support/skip.ts";

const name = "constructs";
const pods = `/api/v1/namespaces/${samplesNamespace}/pods`;

interface BarePod extends KubeObject {
  readonly spec: {
    readonly containers: readonly { readonly resources: { readonly requests: object } }[];
  };
}

interface RouteObject {
  readonly status?: {
    readonly parents?: readonly {
      readonly conditions: readonly { readonly type: string; readonly status: string }[];
    }[];
  };
}

describe("Constructs on a real cluster", function () {
  this.timeout(900_000);
  let cluster: AppCluster;

  before(async function () {
    skipWithoutLocalMachines(this);
    cluster = await AppCluster.open(name, 2, ["traefik"]);
    const folders = Object.fromEntries(
      ["w1", "w2"].map((node) => [node, [0, 1, 2].map((index) => `/var/lib/volumes/${index}`)]),
    );
    for (const [node, paths] of Object.entries(folders)) await cluster.run(node, command`mkdir -p ${paths}`);
    await cluster.apply(nodeVolumes(folders));
    await cluster.apply(gatewayObjects());
    await cluster.settle(gateway.namespace);
  });

  after(async () => {
    await (cluster as AppCluster | undefined)?.close();
    await AppCluster.destroy(name);
  });

  const podsOf = (app: string): Promise<readonly Pod[]> => podsIn(cluster, samplesNamespace, app);

  /** What a program answers at a port of a node. */
  async function askNode(port: number, node = "w1"): Promise<Answer> {
    return JSON.parse(await ask({ address: cluster.address(node), port })) as Answer;
  }

  /** What is answered to a request that comes through the gateway. */
  async function askGateway(host: string, asked: Partial<Asked> = {}): Promise<string> {
    return await ask({ address: cluster.address("w1"), port: gatewayPort, host, ...asked });
  }

  async function deletePod(pod: Pod): Promise<void> {
    await cluster.client.request({ method: "DELETE", path: `${pods}/${pod.metadata.name}` });
  }

  it("become ready, a sample of each kind, where only restricted pods are admitted", async () => {
    await cluster.apply(samples("one"));
    await cluster.settle(samplesNamespace);
    await cluster.settle(farNamespace);

    const agents = (await podsOf("agent")).map(({ spec }) => spec.nodeName);
    assert.deepEqual(agents.toSorted(), cluster.nodes.toSorted());
    const jobs = await cluster.list(samplesNamespace, "jobs", "/apis/batch/v1");
    assert.ok(jobs.some(({ metadata }) => metadata.name.startsWith("job-")));
  });

  it("answer at a port of every node", async () => {
    for (const node of ["w1", "w2"]) assert.equal((await askNode(samplePorts.web, node)).message, "one");
  });

  it("let in who uses a program, and nobody else", async () => {
    const [client, stranger, confined] = await Promise.all([
      askNode(samplePorts.client),
      askNode(samplePorts.stranger),
      askNode(samplePorts.confined),
    ]);

    assert.deepEqual(
      ["inner", "secret"].map((name) => said(client, name)),
      ["inner", "secret"],
    );
    assert.equal(said(stranger, "inner"), "inner");
    for (const name of ["secret", "bare"]) assert.match(said(stranger, name), /deadline|Timeout/);
    for (const name of ["inner", "secret"]) assert.match(said(confined, name), /deadline|Timeout/);
  });

  it("are bounded by their tenant: amounts for who says nothing, a quota that holds, roles for groups", async () => {
    const all = await cluster.list<BarePod>(samplesNamespace, "pods", "/api/v1");
    const bare = all.find(({ metadata }) => metadata.labels?.["app"] === "bare");
    assert.deepEqual(bare?.spec.containers[0]?.resources.requests, { cpu: "100m", memory: "128Mi" });

    const resources = { requests: { cpu: "100", memory: "64Mi" }, limits: { memory: "64Mi" } };
    const greedy = {
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "greedy" } },
      spec: { ...bare.spec, nodeName: undefined, containers: [{ ...bare.spec.containers[0], resources }] },
    };
    const refused = cluster.client.request({
      method: "POST",
      path: pods,
      query: { dryRun: "All" },
      body: greedy,
    });
    await assert.rejects(refused, /exceeded quota: quota, requested: requests.cpu=100/);

    assert.equal(await may("create", "deployments", samplesNamespace), true);
    assert.equal(await may("create", "deployments", farNamespace), true);
    assert.equal(await may("create", "deployments", "default"), false);
    assert.equal(await may("list", "deployments", "kube-system"), false);
  });

  it("are reached from outside by their routes: by host, path and header, in another namespace too", async () => {
    for (const [kind, route] of [
      ["httproutes", "shop"],
      ["httproutes", "far-away"],
      ["grpcroutes", "calls"],
    ] as const)
      await accepted(kind, route);

    const answer = async (host: string, headers = {}): Promise<Answer> =>
      JSON.parse(await askGateway(host, { headers })) as Answer;
    assert.equal((await answer("shop.example.com")).message, "one");
    assert.equal((await answer("shop.example.com", { "x-tester": "yes" })).name, "secret");
    assert.equal((await answer("far.example.com")).name, "far");
    await assert.rejects(answer("nobody.example.com"), /404/);
  });

  it("keep what a Volume holds when their pod goes", async () => {
    const at = { path: "/entries" };
    await askGateway("shop.example.com", { ...at, body: "kept for ever" });
    const [pod] = await podsOf("keeper");
    assert.ok(pod);
    await deletePod(pod);
    await cluster.settle(samplesNamespace);

    const found = await waitFor({
      what: "the keeper to answer again",
      deadlineMs: 30_000,
      probe: () => askGateway("shop.example.com", at).catch(() => undefined),
    });
    assert.equal(found.trim(), "kept for ever");
    assert.notEqual((await podsOf("keeper"))[0]?.metadata.uid, pod.metadata.uid);
  });

  it("keep their data when a pod goes, whoever wrote it", async () => {
    const entries = async (): Promise<string> => {
      const texts = (await podsOf("store")).map((pod) => entriesOf(cluster, pod));
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
    const before = await entriesOf(cluster, pod);
    await deletePod(pod);

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
    const after = await entriesOf(cluster, again);
    assert.equal(after.slice(0, before.length), before);
  });

  it("are replaced when their process is killed", async () => {
    const [pod] = await podsOf("web");
    assert.ok(pod);
    const pid = await processOf(cluster, pod);
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
    assert.equal((await askNode(samplePorts.web)).message, "two");
    assert.deepEqual([await setsOf("web"), await setsOf("inner")], [2, 1]);
    const uids = (await podsOf("web")).map(({ metadata }) => metadata.uid).toSorted();

    await cluster.apply(samples("two"));
    await cluster.settle(samplesNamespace);
    assert.equal(await setsOf("web"), 2);
    assert.deepEqual((await podsOf("web")).map(({ metadata }) => metadata.uid).toSorted(), uids);
  });

  it("keep to their budget while a node is drained", async () => {
    const [first, second] = await podsOf("web");
    const evict = (pod: Pod | undefined): Promise<unknown> =>
      cluster.client.request({
        method: "POST",
        path: `${pods}/${pod?.metadata.name}/eviction`,
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
    // Their volumes are folders of the node, so the store and the keeper have nowhere to go.
    await drain(cluster.client, crowded, { timeoutSeconds: 120, bestEffort: true });
    watching.abort();
    await watch;

    assert.ok(available.length > 3);
    assert.ok(Math.min(...available) >= 2, available.join());
    const left = (await podsOf("web")).map(({ spec }) => spec.nodeName);
    assert.equal(count(left, crowded), 0);
    await cordon(cluster.client, crowded, false);
    await cluster.settle(samplesNamespace);
  });

  for (const [example, { port, check }] of Object.entries(examples)) {
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
            check(await askNode(port));
            return true;
          } catch (error) {
            wrong = String(error);
            return undefined;
          }
        },
        diagnose: () => Promise.resolve(wrong),
      });
      if (example === "guestbook") {
        const entries = { address: cluster.address("w2"), port, path: "/entries" };
        await ask({ ...entries, body: "hello" });
        assert.match(await ask(entries), /^hello$/m);
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

  /** Whether somebody of the tenant's group of developers may do something. */
  async function may(verb: string, resource: string, namespace: string): Promise<boolean> {
    const resourceAttributes = { verb, resource, namespace, group: "apps" };
    const review = await cluster.client.request<{ readonly status: { readonly allowed: boolean } }>({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { user: "ann", groups: [developers], resourceAttributes },
      },
    });
    return review.status.allowed;
  }

  /** Waits until the gateway has taken a route and found everything that it refers to. */
  async function accepted(kind: string, route: string): Promise<void> {
    const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${samplesNamespace}/${kind}/${route}`;
    let found: RouteObject | undefined;
    await waitFor({
      what: `the gateway to take ${route}`,
      deadlineMs: 60_000,
      probe: async () => {
        found = await cluster.client.find<RouteObject>(path);
        const conditions = found?.status?.parents?.[0]?.conditions ?? [];
        const holds = (type: string): boolean =>
          conditions.some((each) => each.type === type && each.status === "True");
        return (holds("Accepted") && holds("ResolvedRefs")) || undefined;
      },
      diagnose: () => Promise.resolve(JSON.stringify(found?.status)),
    });
  }
});

function count(all: readonly string[], wanted: string): number {
  return all.filter((each) => each === wanted).length;
}
