import { createIdentity } from "../../bootstrap/identity.ts";
import { inspectHosts } from "../../bootstrap/inspect-hosts.ts";
import { parseNode } from "../../bootstrap/node-facts.ts";
import { nodePatch } from "../../bootstrap/node-settings.ts";
import type { ClusterAccess, Operation, ReachableHost, WorkerRequest } from "../../bootstrap/operation.ts";
import { runLeases } from "../../bootstrap/run-leases.ts";
import { applyWorker, pendingWorker } from "../../bootstrap/worker.ts";
import type { Identity } from "../../clusters/identity.ts";
import type { Answer, Seen } from "./api-server.ts";
import { cluster, clusterHost, operationOn } from "./bootstrap.ts";
import { factsText } from "./facts-text.ts";
import { FakeCluster, fakeNode } from "./fake-cluster.ts";
import type { FakeNode } from "./fake-cluster.ts";
import { FakeLease } from "./fake-lease.ts";
import { SimulatedHost } from "./simulated-host.ts";

const leasePath = /^\/apis\/coordination\.k8s\.io\//;
const configzPath = /^\/api\/v1\/nodes\/[^/]+\/proxy\/configz$/;
const nodePath = /^\/api\/v1\/nodes\/([^/]+)$/;

/** What something cost, counted where it arrives: at the hosts and at the API server. */
export interface Costs {
  /** Commands and sessions, by host. */
  readonly commands: Readonly<Record<string, number>>;
  /** Connections that begin on a host, by host. */
  readonly dials: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly milliseconds: number;
}

/** A cluster of simulated hosts with an API server of its own: one control plane, and workers that come one by one. */
export class GrowingCluster {
  readonly #api: FakeCluster;
  readonly #controlPlane = new SimulatedHost("cp1");
  readonly #workers = new Map<string, SimulatedHost>();
  readonly #lease = new FakeLease();
  readonly #dials: Record<string, number> = {};
  readonly #identity: Identity;
  #requests = 0;

  private constructor(api: FakeCluster, identity: Identity) {
    this.#api = api;
    this.#identity = identity;
    api.answer = (request) => this.#answer(request);
    this.#letDial(this.#controlPlane);
  }

  /** A cluster whose workers are there and Ready; nobody is counted for how they came. */
  static async of(workers: number): Promise<GrowingCluster> {
    const grown = new GrowingCluster(await FakeCluster.start([]), await createIdentity(cluster.name));
    for (let index = 1; index <= workers; index += 1) grown.#addReadyWorker(`w${String(index)}`);
    return grown;
  }

  /** What one more worker costs: its preflight, the cluster's lease, and everything until its Node is Ready. */
  async addWorker(): Promise<Costs> {
    const name = `w${String(this.#workers.size + 1)}`;
    const known = [this.#controlPlane, ...this.#workers.values()].map(
      (host) => [host.host, host.facts] as const,
    );
    this.#addHost(name);
    const { clusterId, ca } = this.#identity;
    return this.#count(async (operation) => {
      const host = this.#reachable(name);
      await inspectHosts(operation, {
        cluster,
        identity: { clusterId, caCertificate: ca.certificate },
        hosts: [host],
        declared: [...this.#workers.keys(), "cp1"].map((each) => this.#reachable(each)),
        known: Object.fromEntries(known),
      });
      const leases = runLeases();
      await leases.hold(operation, { clusterId, name: cluster.name, access: this.#access() });
      await applyWorker(operation, this.#request(host));
      await leases.release();
    });
  }

  /** What it costs to find that all workers are as they should be. */
  lookAtWorkers(): Promise<Costs> {
    return this.#count(async (operation) => {
      for (const name of this.#workers.keys()) {
        const pending = await pendingWorker(operation, this.#request(this.#reachable(name)));
        if (pending?.length !== 0)
          throw new Error(`${name} is not as it should be: ${JSON.stringify(pending)}`);
      }
    });
  }

  stop(): Promise<void> {
    return this.#api.stop();
  }

  async #count(work: (operation: Operation) => Promise<void>): Promise<Costs> {
    const hosts = [this.#controlPlane, ...this.#workers.values()];
    for (const host of hosts) {
      host.ran.length = 0;
      this.#dials[host.host] = 0;
    }
    this.#requests = 0;
    const start = performance.now();
    await work(operationOn(hosts).operation);
    return {
      milliseconds: performance.now() - start,
      commands: Object.fromEntries(hosts.map(({ host, ran }) => [host, ran.length])),
      dials: { ...this.#dials },
      requests: this.#requests,
    };
  }

  #addReadyWorker(name: string): void {
    this.#addHost(name);
    const node = withVersion(fakeNode(name));
    const patch = nodePatch(this.#reachable(name), this.#identity.clusterId, parseNode(node));
    this.#api.nodes.set(name, patched(node, { metadata: patch }));
  }

  #addHost(name: string): void {
    const host = new SimulatedHost(name, { kernel: "6.1.0-18-amd64" });
    host.when([/^sh -s$/, () => factsText(host.facts)]);
    this.#letDial(host);
    this.#workers.set(name, host);
  }

  #letDial(host: SimulatedHost): void {
    host.dialer = () => {
      this.#dials[host.host] = (this.#dials[host.host] ?? 0) + 1;
      return this.#api.dial();
    };
  }

  #reachable(name: string): ReachableHost {
    const role = name === "cp1" ? "controlPlane" : "worker";
    const index = [...this.#workers.keys()].indexOf(name);
    const nodeAddress = name === "cp1" ? "10.0.0.11" : `10.0.1.${String(index + 1)}`;
    return {
      ...clusterHost(role, { name, nodeName: name, nodeAddress }),
      connection: { address: nodeAddress },
    };
  }

  #access(): ClusterAccess {
    return { kubeconfig: this.#api.kubeconfig, controlPlane: [this.#reachable("cp1")] };
  }

  #request(host: ReachableHost): WorkerRequest {
    const { clusterId, ca } = this.#identity;
    return { cluster, clusterId, caCertificate: ca.certificate, access: this.#access(), host };
  }

  /** A kubelet registers its Node when its host has joined; the pod network makes it Ready. */
  #answer(request: Seen): Answer | undefined {
    this.#requests += 1;
    const { method, path, body } = request;
    if (leasePath.test(path)) return this.#lease.answer(request);
    if (configzPath.test(path)) return { body: { kubeletconfig: {} } };
    const name = nodePath.exec(path)?.[1];
    if (name === undefined) return undefined;
    const node = this.#api.nodes.get(name);
    const hasJoined = this.#workers.get(name)?.facts.kubernetes.kubeletConf === true;
    if (node === undefined && hasJoined) this.#api.nodes.set(name, withVersion(fakeNode(name)));
    if (method === "PATCH" && node !== undefined) this.#api.nodes.set(name, patched(node, body));
    return undefined;
  }
}

function withVersion(node: FakeNode): FakeNode {
  return { ...node, status: { ...node.status, nodeInfo: { kubeletVersion: `v${cluster.kubernetes}` } } };
}

function patched(node: FakeNode, patch: unknown): FakeNode {
  const { metadata } = patch as { readonly metadata?: Pick<FakeNode["metadata"], "labels" | "annotations"> };
  return { ...node, metadata: { ...node.metadata, ...metadata } };
}
