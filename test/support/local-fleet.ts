import * as bootstrap from "../../bootstrap/index.ts";
import type { ClusterAccess, Operation, ReachableHost, WorkerRequest } from "../../bootstrap/index.ts";
import { defineCluster } from "../../clusters/define-cluster.ts";
import type { ClusterSpec } from "../../clusters/define-cluster.ts";
import type { Cluster } from "../../clusters/cluster.ts";
import type { Identity } from "../../clusters/identity.ts";
import type { Machine } from "../../machines/driver.ts";
import { localMachines } from "../../machines/index.ts";
import { SshPool } from "../../remote/pool.ts";
import type { Runner } from "../../remote/runner.ts";
import { defaultKubernetes, resolveBundle } from "../../toolchain/index.ts";

/** A cluster on local machines, one control-plane host and one worker, and everything that bootstrap asks for. */
export interface LocalFleet {
  readonly cluster: Cluster;
  readonly identity: Identity;
  readonly controlPlane: ReachableHost;
  readonly worker: ReachableHost;
  readonly pool: SshPool;
  /** An operation whose intents are collected as `host: what`. */
  operation(changes?: Partial<Operation>): { readonly operation: Operation; readonly intents: string[] };
  runner(host: ReachableHost): Runner;
  /** Control plane, services and worker, one after the other. */
  apply(operation: Operation): Promise<void>;
  /** Everything that is pending on the three. */
  pending(operation: Operation): Promise<readonly string[]>;
  access(): Promise<ClusterAccess>;
  workerRequest(): Promise<WorkerRequest>;
  /** Ends the connections and removes the machines. */
  close(): Promise<void>;
}

/** Changes what is declared of the machines, or the machines themselves, before the cluster is defined. */
export type AdaptSpec = (spec: ClusterSpec, machines: readonly Machine[]) => Promise<ClusterSpec>;

/** Makes the machines, or finds them, and joins them with an identity. */
export async function localFleet(
  fleet: string,
  identity: Identity,
  adapt: AdaptSpec = (spec) => Promise.resolve(spec),
): Promise<LocalFleet> {
  const names = [`${fleet}-cp`, `${fleet}-w1`];
  const machines = await Promise.all(names.map((name) => localMachines().create({ name, fleet })));
  const specs = machines.map(({ name, address, mirror }, index) => [
    name,
    {
      role: index === 0 ? ("controlPlane" as const) : ("worker" as const),
      address,
      mirror,
      labels: index === 0 ? {} : { tier: "general" },
    },
  ]);
  const spec = {
    name: fleet,
    kubernetes: defaultKubernetes,
    hosts: Object.fromEntries(specs) as ClusterSpec["hosts"],
  };
  const { cluster, hosts } = defineCluster(await adapt(spec, machines));
  const [controlPlane, worker] = hosts.map((host, index): ReachableHost => {
    const { address = "", port = 22, user = "root", privateKey = "", hostKey = "" } = machines[index] ?? {};
    return { ...host, connection: { address, port, user, privateKey, hostKey } };
  });
  if (!controlPlane || !worker) throw new Error("The fleet lacks a host");
  return new Fleet({ cluster, identity, controlPlane, worker });
}

class Fleet implements LocalFleet {
  readonly cluster: Cluster;
  readonly identity: Identity;
  readonly controlPlane: ReachableHost;
  readonly worker: ReachableHost;
  readonly pool = new SshPool();

  constructor({
    cluster,
    identity,
    controlPlane,
    worker,
  }: Pick<LocalFleet, "cluster" | "identity" | "controlPlane" | "worker">) {
    this.cluster = cluster;
    this.identity = identity;
    this.controlPlane = controlPlane;
    this.worker = worker;
  }

  operation(changes: Partial<Operation> = {}): { operation: Operation; intents: string[] } {
    const intents: string[] = [];
    const operation: Operation = {
      pool: this.pool,
      signal: new AbortController().signal,
      preview: false,
      log: () => undefined,
      onIntent: ({ host, what }) => intents.push(`${host}: ${what}`),
      bundle: (kubernetes) => resolveBundle(kubernetes),
      ...changes,
    };
    return { operation, intents };
  }

  runner(host: ReachableHost): Runner {
    if (!host.connection) throw new Error(`${host.name} cannot be reached`);
    return this.pool.get(host.name, host.connection);
  }

  async close(): Promise<void> {
    await this.pool.close();
    for (const machine of await localMachines().list(this.cluster.name))
      await localMachines().destroy(machine);
  }

  async apply(operation: Operation): Promise<void> {
    const { cluster, identity } = this;
    await bootstrap.applyControlPlane(operation, { cluster, identity, hosts: [this.controlPlane] });
    await bootstrap.applyClusterServices(operation, { cluster, access: await this.access() });
    await bootstrap.applyWorker(operation, await this.workerRequest());
  }

  async pending(operation: Operation): Promise<readonly string[]> {
    const { cluster, identity } = this;
    const found = await Promise.all([
      bootstrap.pendingControlPlane(operation, { cluster, identity, hosts: [this.controlPlane] }),
      bootstrap.pendingClusterServices(operation, { cluster, access: await this.access() }),
      bootstrap.pendingWorker(operation, await this.workerRequest()),
    ]);
    return found.flatMap((intents) => intents?.map(({ host, what }) => `${host}: ${what}`) ?? ["silence"]);
  }

  async access(): Promise<ClusterAccess> {
    const { kubeconfig } = await bootstrap.mintKubeconfig(this.identity, this.cluster);
    return { kubeconfig, controlPlane: [this.controlPlane] };
  }

  async workerRequest(): Promise<WorkerRequest> {
    const { cluster, identity, worker } = this;
    const { clusterId, ca } = identity;
    return { cluster, clusterId, caCertificate: ca.certificate, access: await this.access(), host: worker };
  }
}
