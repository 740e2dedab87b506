import * as bootstrap from "../../bootstrap/index.ts";
import type { ControlPlaneState, Intent, Operation, ReachableHost } from "../../bootstrap/index.ts";
import { listMembers } from "../../bootstrap/etcd/etcdctl.ts";
import type { EtcdMember } from "../../bootstrap/etcd/membership.ts";
import { defineCluster } from "../../clusters/define-cluster.ts";
import type { ClusterSpec, HostSpec } from "../../clusters/define-cluster.ts";
import type { Identity } from "../../clusters/identity.ts";
import { kubeClient } from "../../kube/client.ts";
import { localMachines } from "../../machines/index.ts";
import type { Machine } from "../../machines/driver.ts";
import { SshPool } from "../../remote/pool.ts";
import type { RunOptions } from "../../remote/runner.ts";
import { waitFor } from "../../remote/wait.ts";
import { defaultKubernetes } from "../../toolchain/index.ts";
import { TcpBalancer } from "./tcp-balancer.ts";

const apiPort = 6443;

/** A cluster with several control planes on local machines, behind a load balancer of the test's own. */
export class HaFleet {
  readonly pool = new SshPool();
  readonly identity: Identity;
  readonly #fleet: string;
  readonly #machines = new Map<string, Machine>();
  readonly #balancer = new TcpBalancer(apiPort);
  #endpoint = { external: "", port: 0 };
  /** What the next apply declares of the cluster beside its hosts. */
  spec: Partial<ClusterSpec> = {};
  /** What the next apply declares of hosts beside their addresses, by name. */
  hostSpecs: Readonly<Record<string, Partial<HostSpec>>> = {};
  workers: readonly string[] = ["w1"];
  #declared: readonly string[] = [];

  private constructor(fleet: string, identity: Identity) {
    this.#fleet = fleet;
    this.identity = identity;
  }

  static async open(fleet: string): Promise<HaFleet> {
    return new HaFleet(fleet, await bootstrap.createIdentity(fleet));
  }

  /** The fleet of another process, whose balancer listens: to apply to it, and to be killed. */
  static async attach({ fleet, identity, endpoint, declared, machines }: Attachment): Promise<HaFleet> {
    const attached = new HaFleet(fleet, identity);
    attached.#endpoint = endpoint;
    attached.#declared = declared;
    await attached.boot(...machines);
    return attached;
  }

  /** What another process must know to work on this fleet. Holds the identity's keys. */
  attachment(): Attachment {
    const [fleet, identity, endpoint] = [this.#fleet, this.identity, this.#endpoint];
    return { fleet, identity, endpoint, declared: this.#declared, machines: [...this.#machines.keys()] };
  }

  async close(): Promise<void> {
    this.#balancer.close();
    await this.pool.close();
    for (const machine of await localMachines().list(this.#fleet)) await localMachines().destroy(machine);
  }

  /** Boots the machines that do not run yet. */
  async boot(...names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const spec = { name: `${this.#fleet}-${name}`, fleet: this.#fleet };
        this.#machines.set(name, await localMachines().create(spec));
      }),
    );
    if (this.#endpoint.external !== "") return;
    const host = new URL(this.#machine(names[0] ?? "").mirror).hostname;
    this.#endpoint = { external: host, port: await this.#balancer.listen(host) };
  }

  /** Leads the balancer to these hosts. */
  serve(names: readonly string[]): void {
    this.#balancer.upstreams = names.map((name) => this.host(name).nodeAddress);
  }

  powerOff(name: string): Promise<void> {
    return localMachines().powerOff(`${this.#fleet}-${name}`);
  }

  async powerOn(...names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => localMachines().start(`${this.#fleet}-${name}`)));
  }

  /** A machine of the same name and nothing on it. */
  async reinstall(name: string): Promise<void> {
    await localMachines().destroy(`${this.#fleet}-${name}`);
    await this.boot(name);
  }

  /** Brings the cluster to these control planes, with one worker; hosts that were declared before are removed. */
  async apply(controlPlanes: readonly string[], changes: Partial<Operation> = {}): Promise<Applied> {
    const intents: Intent[] = [];
    const operation = this.operation({ onIntent: (intent) => intents.push(intent), ...changes });
    const { cluster, hosts } = this.#define(controlPlanes);
    const gone = this.#declared.filter((name) => !controlPlanes.includes(name));
    const removed = gone.map((name) => this.host(name));
    this.#balancer.upstreams = [...controlPlanes, ...gone].map((name) => this.host(name).nodeAddress);
    const request = { cluster, identity: this.identity, hosts, removed };
    const state = await bootstrap.applyCluster(operation, request);
    if (!operation.preview) {
      this.#declared = controlPlanes;
      this.#balancer.upstreams = controlPlanes.map((name) => this.host(name).nodeAddress);
    }
    return { state, intents: intents.map(({ host, what }) => `${host}: ${what}`) };
  }

  operation(changes: Partial<Operation> = {}): Operation {
    return bootstrap.openOperation({ pool: this.pool, ...changes });
  }

  /** Where clients from outside reach the API. */
  get endpoint(): { readonly external: string; readonly port: number } {
    return this.#endpoint;
  }

  host(name: string): ReachableHost {
    const { address, port, user, privateKey, hostKey, mirror } = this.#machine(name);
    return {
      name,
      role: "controlPlane",
      nodeName: name,
      nodeAddress: address,
      mirror,
      labels: {},
      taints: [],
      connection: { address, port, user, privateKey, hostKey },
    };
  }

  async run(name: string, command: string, options: RunOptions = {}): Promise<string> {
    const { connection } = this.host(name);
    if (connection === undefined) throw new Error(`${name} cannot be reached`);
    return (await this.pool.get(name, connection).run(command, options)).stdout;
  }

  /** The names of etcd's members, as that host knows them; learners and the sick are marked. */
  async members(through: string): Promise<readonly string[]> {
    const { connection } = this.host(through);
    if (connection === undefined) throw new Error(`${through} cannot be reached`);
    const list = await listMembers(this.pool.get(through, connection));
    return (list?.members ?? []).map(describe).sort();
  }

  /** Whether a host's member votes, healthy or not; undefined if not. */
  async votes(host: string, through: string): Promise<true | undefined> {
    const members = await this.members(through);
    return members.some((member) => member === host || member === `${host} down`) ? true : undefined;
  }

  /** Asks the API through the endpoint, as an outside client does, until it answers; resolves with the Nodes' names. */
  async nodes(state: ControlPlaneState): Promise<readonly string[]> {
    const client = await kubeClient({ kubeconfig: state.kubeconfig });
    try {
      const { items } = await waitFor({
        what: "the API to answer through the endpoint",
        deadlineMs: 60_000,
        probe: () =>
          client.request<{ items: readonly { metadata: { name: string } }[] }>({
            path: "/api/v1/nodes",
            timeoutMs: 2000,
          }),
      });
      return items.map(({ metadata }) => metadata.name).sort();
    } finally {
      client.close();
    }
  }

  #define(controlPlanes: readonly string[]): {
    cluster: ReturnType<typeof defineCluster>["cluster"];
    hosts: readonly ReachableHost[];
  } {
    const names = [...controlPlanes, ...this.workers];
    const specs = names.map((name) => {
      const { address, mirror } = this.#machine(name);
      const role = this.workers.includes(name) ? ("worker" as const) : ("controlPlane" as const);
      return [name, { role, address, mirror, ...this.hostSpecs[name] }] as const;
    });
    const defined = defineCluster({
      ...this.spec,
      name: this.#fleet,
      kubernetes: defaultKubernetes,
      endpoint: this.#endpoint,
      hosts: Object.fromEntries(specs),
    });
    const hosts = defined.hosts.map((host) => ({ ...this.host(host.name), ...host }));
    return { cluster: defined.cluster, hosts };
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`There is no machine ${name}`);
    return machine;
  }
}

export interface Attachment {
  readonly fleet: string;
  readonly identity: Identity;
  readonly endpoint: { readonly external: string; readonly port: number };
  readonly declared: readonly string[];
  readonly machines: readonly string[];
}

export interface Applied {
  readonly state: ControlPlaneState;
  /** As `host: what`. */
  readonly intents: readonly string[];
}

function describe({ name, isLearner, isHealthy }: EtcdMember): string {
  return `${name}${isLearner ? " learns" : ""}${isHealthy ? "" : " down"}`;
}
