import { setImmediate as turn } from "node:timers/promises";
import type { ClusterApi } from "../../bootstrap/api.ts";
import { caHash, createIdentity } from "../../bootstrap/identity.ts";
import { paths } from "../../bootstrap/paths.ts";
import { openPlane } from "../../bootstrap/plane.ts";
import { reconcilePlane } from "../../bootstrap/reconcile-plane.ts";
import type { Operation, ReachableHost } from "../../bootstrap/operation.ts";
import { wantedArgs } from "../../bootstrap/static-pods/difference.ts";
import type { Cluster } from "../../clusters/cluster.ts";
import type { HostFacts } from "../../clusters/facts.ts";
import type { Identity } from "../../clusters/identity.ts";
import { components } from "../../clusters/settings/control-plane.ts";
import type { ComponentKey, ControlPlaneSettings } from "../../clusters/settings/control-plane.ts";
import { KeelsonError } from "../../errors.ts";
import type { KubeClient, KubeRequest } from "../../kube/client.ts";
import { blankView, bundle, cluster, clusterHost } from "./bootstrap.ts";
import { fakePool } from "./fake-runner.ts";
import { SimulatedEtcd } from "./simulated-etcd.ts";
import { SimulatedHost } from "./simulated-host.ts";

/** Thrown where the power of the computer that runs is cut. */
class Died extends Error {
  override readonly message = "died";
}

/** Several simulated hosts with one etcd. A run may die at any of its steps, and then does nothing any more. */
export class SimulatedPlane {
  readonly hosts: Map<string, SimulatedHost>;
  readonly dead = new Set<string>();
  /** How the control plane shall differ from kubeadm's. */
  settings: ControlPlaneSettings = {};
  /** Where the control plane shall be asked. */
  endpoint = cluster.endpoint;
  readonly #identity: Identity;
  /** What etcd's members tell about their room, by host; none is told of the others. */
  readonly room = new Map<string, { size: number; used: number }>();
  isFull = false;
  readonly #etcd = new SimulatedEtcd();
  /** The steps that the run still has. */
  #steps = Number.POSITIVE_INFINITY;
  #taken = 0;
  #dieAt: string | undefined;
  /** What runs declared since the last one that succeeded, and that one: as a stack's state knows it. */
  #known = new Set<string>();

  private constructor(names: readonly string[], identity: Identity) {
    this.#identity = identity;
    this.hosts = new Map(names.map((name) => [name, this.#newHost(name)]));
  }

  static async of(...names: readonly string[]): Promise<SimulatedPlane> {
    return new SimulatedPlane(names, await createIdentity(cluster.name));
  }

  /** Puts a host of the same name and nothing on it in its place, if every member is there to make up for it. */
  reinstall(name: string): void {
    const { members } = this.#etcd;
    if (members.length < 3 || !members.every((member) => this.#etcd.isHealthy(member))) return;
    this.#etcd.lose(name);
    this.hosts.set(name, this.#newHost(name));
  }

  /** Who is a member; learners and those without their data are marked. */
  members(): readonly string[] {
    const mark = (member: SimulatedEtcd["members"][number]): string => {
      if (member.isLearner) return " learns";
      return this.#etcd.isHealthy(member) ? "" : " down";
    };
    return this.#etcd.members.map((member) => `${member.name}${mark(member)}`).sort();
  }

  /** From now on the joins of hosts come to their end when that many hosts vote, or when they do not after a while. */
  holdJoins(until: number, patienceMs = 5000): void {
    const voters = (): number => this.#etcd.members.filter(({ isLearner }) => !isLearner).length;
    for (const host of this.hosts.values()) {
      host.afterVote = async () => {
        const deadline = performance.now() + patienceMs;
        while (voters() < until && performance.now() < deadline) await turn();
      };
    }
  }

  /** How many steps the last run took. */
  get steps(): number {
    return this.#taken;
  }

  /** One run; it dies after that many steps, or at a point, `cp2: learner added` for example. Resolves with its intents, as `host: what`. */
  async run(
    declared: readonly string[],
    {
      dieAfter = Number.POSITIVE_INFINITY,
      dieAt,
      ahead,
      ...changes
    }: Partial<Operation> & {
      readonly dieAfter?: number;
      readonly dieAt?: string;
      readonly ahead?: readonly string[];
    } = {},
  ): Promise<readonly string[]> {
    this.#steps = dieAfter;
    this.#dieAt = dieAt;
    this.#taken = 0;
    const intents: string[] = [];
    const operation: Operation = {
      pool: fakePool(...this.hosts.values()),
      signal: new AbortController().signal,
      preview: false,
      log: () => undefined,
      bundle: () => Promise.resolve(bundle),
      onIntent: ({ host, what }) => {
        this.#step();
        intents.push(`${host}: ${what}`);
      },
      ...changes,
    };
    const toHost = (name: string): ReachableHost => this.#reachable(name);
    const removed = [...this.#known].filter((name) => !declared.includes(name)).map(toHost);
    const exists =
      this.#etcd.members.length > 0 &&
      [...this.hosts.values()].some(({ facts }) => facts.kubernetes.initialized !== undefined);
    const request = {
      cluster: this.#cluster(),
      identity: this.#identity,
      hosts: declared.map(toHost),
      removed,
      exists,
      ...(ahead && { ahead: ahead.map(toWorker) }),
    };
    const access = {
      client: this.#client(),
      api: this.#api(),
      look: (_: Operation, host: ReachableHost) => this.#look(host),
    };
    if (!operation.preview) for (const name of declared) this.#known.add(name);
    await reconcilePlane(await openPlane(operation, request, access));
    if (!operation.preview) this.#known = new Set(declared);
    return intents;
  }

  #cluster(): Cluster {
    return { ...cluster, endpoint: this.endpoint, controlPlane: this.settings };
  }

  #newHost(name: string): SimulatedHost {
    const host = new SimulatedHost(name);
    host.etcd = this.#etcd;
    host.tick = (point) => {
      this.#step(point && `${name}: ${point}`);
    };
    host.etcdctl = (script) => this.#etcdctl(script);
    return host;
  }

  #step(point?: string): void {
    if (point !== undefined && point === this.#dieAt) this.#steps = 0;
    if (this.#steps === 0) throw new Died();
    this.#steps -= 1;
    this.#taken += 1;
  }

  #reachable(name: string): ReachableHost {
    const nodeAddress = `10.0.0.1${name.slice(2)}`;
    const connection = this.dead.has(name) ? undefined : { address: nodeAddress };
    return { ...clusterHost("controlPlane", { name, nodeName: name, nodeAddress }), connection };
  }

  #look({ name }: ReachableHost): Promise<SimulatedHost["facts"]> {
    if (this.dead.has(name)) {
      return Promise.reject(new KeelsonError("KEELSON_HOST_UNREACHABLE", `Cannot reach ${name}: it is off`));
    }
    const { facts } = this.host(name);
    const holdsAuthority = facts.files[`${paths.pki}/ca.crt`] !== undefined;
    const authority = holdsAuthority ? { caSha256: caHash(this.#identity.ca.certificate) } : {};
    const pods = facts.kubernetes.initialized === undefined ? {} : { staticPods: this.#pods(name) };
    return Promise.resolve({
      ...facts,
      kubernetes: { ...facts.kubernetes, ...authority, ...pods },
    });
  }

  /** The components as kubeadm began them, or as they were changed since. */
  #pods(name: string): NonNullable<HostFacts["kubernetes"]["staticPods"]> {
    const view = blankView("controlPlane", { host: this.#reachable(name), cluster });
    const usual = Object.entries(components).map(
      ([key, component]) => [component, wantedArgs(view, key as ComponentKey)] as const,
    );
    return Object.fromEntries(
      [...usual, ["etcd", {}] as const].map(([component, begun]) => {
        const args = this.host(name).podArgs.get(component) ?? begun;
        return [component, { args, volumes: [], patch: "", isUnproven: false }];
      }),
    );
  }

  /** A host by its name. */
  host(name: string): SimulatedHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`There is no host ${name}`);
    return host;
  }

  #api(): ClusterApi {
    const nodeOf = (name: string): ClusterApi => this.host(name).api;
    return {
      node: async (name) => {
        const node = await nodeOf(name).node(name);
        return node && this.dead.has(name) ? { ...node, ready: false } : node;
      },
      kubeletConfig: (name) => nodeOf(name).kubeletConfig(name),
      patchNode: (name, patch) => nodeOf(name).patchNode(name, patch),
      deleteNode: (name) => nodeOf(name).deleteNode(name),
      mintJoinToken: (name) => nodeOf(name).mintJoinToken(name),
      diagnose: (name) => nodeOf(name).diagnose(name),
    };
  }

  /** For drains, with no pod anywhere, and for `kubeadm-config`. */
  #client(): KubeClient {
    const isConfig = (path: string): boolean => path.endsWith("/kubeadm-config");
    const client = {
      request: <Answer>({ path, method, body }: KubeRequest) => {
        if (method === "PATCH" && isConfig(path)) {
          this.#step();
          this.#etcd.config = (body as ConfigMap).data.ClusterConfiguration;
        }
        return Promise.resolve({ metadata: {}, spec: {}, items: [] } as Answer);
      },
      find: <Answer>(path: string) => {
        if (/^\/(api|apis\/[^/]+)\/[^/]+$/.test(path)) return Promise.resolve({ resources } as Answer);
        if (path.includes("/customresourcedefinitions/")) return Promise.resolve(established as Answer);
        const isThere = isConfig(path) && this.#etcd.config !== "";
        return Promise.resolve(
          (isThere ? { data: { ClusterConfiguration: this.#etcd.config } } : undefined) as Answer,
        );
      },
      close: () => undefined,
    };
    return client;
  }

  #etcdctl(script: string): string {
    if (script.includes("endpoint status --cluster")) return this.#status();
    if (/ compact | alarm | defrag/.test(script)) return this.#makeRoom(script);
    return this.#etcd.answer(script, {
      addressOf: (name) => this.#reachable(name).nodeAddress,
      isDead: (name) => this.dead.has(name),
      isFull: this.isFull,
    });
  }

  #status(): string {
    // As large as etcd's own numbers of members.
    const member = 2 ** 63;
    const living = this.#etcd.members.map(({ name }) => name).filter((name) => !this.dead.has(name));
    const all = living.map((name, index) => {
      const { size, used } = this.room.get(name) ?? { size: 20_480, used: 16_384 };
      const header = { member_id: member + index * 4096, revision: 77 };
      const [quota = 1000 ** 3] = this.host(name).podArgs.get("etcd")?.["quota-backend-bytes"] ?? [];
      const status = {
        header,
        leader: member,
        dbSize: size,
        dbSizeInUse: used,
        dbSizeQuota: Number(quota),
      };
      const errors = this.isFull ? ["memberID:13803658152347727308 alarm:NOSPACE "] : [];
      return { Endpoint: `https://${this.#reachable(name).nodeAddress}:2379`, Status: { ...status, errors } };
    });
    return all.length === 0 ? "" : JSON.stringify(all);
  }

  #makeRoom(script: string): string {
    const [, url] = /.*ETCDCTL_ENDPOINTS=(https:\S+:2379)\n.* defrag/s.exec(script) ?? [];
    for (const [name, { used }] of this.room) {
      if (url?.includes(`//${this.#reachable(name).nodeAddress}:`)) this.room.set(name, { size: used, used });
    }
    if (script.includes("alarm disarm")) this.isFull = false;
    return "";
  }
}

interface ConfigMap {
  readonly data: { readonly ClusterConfiguration: string };
}

function toWorker(name: string): ReachableHost {
  return { ...clusterHost("worker", { name, nodeName: name }), connection: { address: name } };
}

/** What the simulated API serves, under whatever group and version. */
const resources = [
  "ClusterRole",
  "ClusterRoleBinding",
  "ConfigMap",
  "CustomResourceDefinition",
  "DaemonSet",
  "Deployment",
  "PodDisruptionBudget",
  "Role",
  "RoleBinding",
  "Service",
  "ServiceAccount",
].map((kind) => ({ kind, name: `${kind.toLowerCase()}s`, namespaced: true }));

const established = { status: { conditions: [{ type: "Established", status: "True" }] } };
