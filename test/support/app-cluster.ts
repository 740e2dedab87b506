import * as bootstrap from "../../bootstrap/index.ts";
import { defineCluster } from "../../clusters/define-cluster.ts";
import { applyObjects } from "../../kube/apply.ts";
import { kubeClient } from "../../kube/client.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/object.ts";
import { localMachines } from "../../machines/index.ts";
import type { Machine } from "../../machines/driver.ts";
import { SshPool } from "../../remote/pool.ts";
import { waitFor } from "../../remote/wait.ts";
import type { ExtraImage } from "../../toolchain/image-recipes.ts";
import { defaultKubernetes, resolveBundle } from "../../toolchain/index.ts";

/** A real cluster for applications: a control plane and workers on local machines, with the image of the examples on every node. */
export class AppCluster {
  readonly client: KubeClient;
  readonly #name: string;
  readonly #pool: SshPool;
  readonly #machines: ReadonlyMap<string, Machine>;

  private constructor(parts: {
    name: string;
    pool: SshPool;
    machines: ReadonlyMap<string, Machine>;
    client: KubeClient;
  }) {
    this.#name = parts.name;
    this.#pool = parts.pool;
    this.#machines = parts.machines;
    this.client = parts.client;
  }

  /** Makes the machines and the cluster. Destroy them with `AppCluster.destroy`, also if this fails. */
  static async open(
    name: string,
    workers: number,
    extraImages: readonly ExtraImage[] = [],
  ): Promise<AppCluster> {
    const nodes = ["cp1", ...Array.from({ length: workers }, (_, index) => `w${index + 1}`)];
    const made = await Promise.all(
      nodes.map((node) => localMachines().create({ name: `${name}-${node}`, fleet: name })),
    );
    const machines = new Map(nodes.map((node, index) => [node, made[index]!]));
    const declared = [...machines].map(([node, { address, mirror }]) => [
      node,
      { role: node === "cp1" ? "controlPlane" : "worker", address, mirror },
    ]);
    const spec = { name, kubernetes: defaultKubernetes, hosts: Object.fromEntries(declared) as never };
    const { cluster, hosts } = defineCluster(spec);
    const pool = new SshPool();
    const operation = bootstrap.openOperation({
      pool,
      bundle: (kubernetes) => resolveBundle(kubernetes, { extraImages: ["example", ...extraImages] }),
    });
    const reachable = hosts.map((host) => {
      const { address, port, user, privateKey, hostKey } = machines.get(host.name)!;
      return { ...host, connection: { address, port, user, privateKey, hostKey } };
    });
    const identity = await bootstrap.createIdentity(name);
    const { kubeconfig } = await bootstrap.applyCluster(operation, { cluster, identity, hosts: reachable });
    return new AppCluster({ name, pool, machines, client: await kubeClient({ kubeconfig }) });
  }

  static async destroy(name: string): Promise<void> {
    for (const machine of await localMachines().list(name)) await localMachines().destroy(machine);
  }

  async close(): Promise<void> {
    this.client.close();
    await this.#pool.close();
  }

  get nodes(): readonly string[] {
    return [...this.#machines.keys()];
  }

  address(node: string): string {
    return this.#machines.get(node)!.address;
  }

  async run(node: string, command: string): Promise<string> {
    const { address, port, user, privateKey, hostKey } = this.#machines.get(node)!;
    const runner = this.#pool.get(`${this.#name}-${node}`, { address, port, user, privateKey, hostKey });
    return (await runner.run(command)).stdout.trim();
  }

  async apply(objects: readonly KubeObject[]): Promise<void> {
    await applyObjects(this.client, objects, { fieldManager: "keelson-test" });
  }

  /** The objects of a kind in a namespace, by the plural and group of the kind. */
  async list<Item extends object = KubeObject>(
    namespace: string,
    resource: string,
    group = "/apis/apps/v1",
  ): Promise<readonly Item[]> {
    const path = `${group}/namespaces/${namespace}/${resource}`;
    return (await this.client.request<{ readonly items: readonly Item[] }>({ path })).items;
  }

  /** Waits until every workload of a namespace has what it wants. */
  async settle(namespace: string, deadlineMs = 180_000): Promise<void> {
    const problems = async (): Promise<readonly string[]> => {
      const lists = await Promise.all([
        this.list<Workload>(namespace, "deployments"),
        this.list<Workload>(namespace, "statefulsets"),
        this.list<Workload>(namespace, "daemonsets"),
        this.list<Workload>(namespace, "jobs", "/apis/batch/v1"),
      ]);
      return lists
        .flat()
        .filter((each) => !isSettled(each))
        .map(describe);
    };
    await waitFor({
      what: `the workloads of ${namespace}`,
      deadlineMs,
      probe: async () => ((await problems()).length === 0 ? true : undefined),
      diagnose: async () => [...(await problems()), ...(await this.#complaints(namespace))].join("; "),
    });
  }

  async #complaints(namespace: string): Promise<readonly string[]> {
    const events = await this.list<Event>(namespace, "events", "/api/v1");
    const warnings = events.filter(({ type }) => type === "Warning").slice(-5);
    return warnings.map(({ involvedObject, message }) => `${involvedObject.name}: ${message}`);
  }
}

interface Event {
  readonly type: string;
  readonly message: string;
  readonly involvedObject: { readonly name: string };
}

interface Workload {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: { readonly replicas?: number; readonly completions?: number };
  readonly status?: Readonly<Partial<Record<string, number>>>;
}

/** The controller has seen the latest generation, and all wanted pods are of it and ready; or the job has ended well. */
function isSettled({ metadata, spec, status = {} }: Workload): boolean {
  const of = (key: string): number => status[key] ?? 0;
  if (spec.completions !== undefined) return of("succeeded") >= spec.completions;
  if (of("observedGeneration") < metadata.generation) return false;
  const isDaemon = spec.replicas === undefined;
  const wanted = spec.replicas ?? of("desiredNumberScheduled");
  const counts = isDaemon
    ? ["numberReady", "updatedNumberScheduled"]
    : ["readyReplicas", "updatedReplicas", "replicas"];
  return counts.every((key) => of(key) === wanted);
}

function describe({ metadata, status }: Workload): string {
  return `${metadata.name}: ${JSON.stringify(status ?? {})}`;
}
