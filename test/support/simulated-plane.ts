import { apiServerNames } from "../../bootstrap/api-names.ts";
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
import { kubeClient } from "../../kube/client.ts";
import { blankView, bundle, cluster, clusterHost } from "./bootstrap.ts";
import { fakePool } from "./fake-runner.ts";
import { SimulatedHost } from "./simulated-host.ts";

/** Several simulated hosts, whose etcd is one: who is a member is told from what happened to the hosts. */
export class SimulatedPlane {
  readonly hosts: Map<string, SimulatedHost>;
  readonly dead = new Set<string>();
  /** How the control plane shall differ from kubeadm's. */
  settings: ControlPlaneSettings = {};
  readonly #identity: Identity;
  /** What etcd's members tell about their room, by host; none is told of the others. */
  readonly room = new Map<string, { size: number; used: number }>();
  isFull = false;
  readonly #listed = new Set<string>();
  /** Whose member was removed while its data were still on the host. */
  readonly #expelled = new Set<string>();

  private constructor(names: readonly string[], identity: Identity) {
    this.#identity = identity;
    this.hosts = new Map(names.map((name) => [name, this.#host(name)]));
  }

  static async of(...names: readonly string[]): Promise<SimulatedPlane> {
    return new SimulatedPlane(names, await createIdentity(cluster.name));
  }

  /** Puts a host of the same name and nothing on it in its place, if every member is there to make up for it. */
  reinstall(name: string): void {
    const isHealthy = (member: string): boolean => this.#of(member).facts.kubernetes.etcdData;
    if (this.members().length < 3 || !this.members().every(isHealthy)) return;
    this.hosts.set(name, this.#host(name));
  }

  members(): readonly string[] {
    this.#update();
    return [...this.#listed].sort();
  }

  /** One run; it dies before the intent of that number. Resolves with its intents, as `host: what`. */
  async run(
    declared: readonly string[],
    { dieAt, ...changes }: Partial<Operation> & { readonly dieAt?: number } = {},
  ): Promise<readonly string[]> {
    const intents: string[] = [];
    const operation: Operation = {
      pool: fakePool(...this.hosts.values()),
      signal: new AbortController().signal,
      preview: false,
      log: () => undefined,
      bundle: () => Promise.resolve(bundle),
      onIntent: ({ host, what }) => {
        if (intents.length + 1 === dieAt) throw new Error("died");
        intents.push(`${host}: ${what}`);
      },
      ...changes,
    };
    const toHost = (name: string): ReachableHost => this.#reachable(name);
    const removed = this.members()
      .filter((name) => !declared.includes(name))
      .map(toHost);
    const request = {
      cluster: this.#cluster(),
      identity: this.#identity,
      hosts: declared.map(toHost),
      removed,
    };
    const client = await kubeClient({ kubeconfig: noKubeconfig, dials: [] });
    try {
      const access = {
        client,
        api: this.#api(),
        look: (_: Operation, host: ReachableHost) => this.#look(host),
      };
      await reconcilePlane(await openPlane(operation, request, access));
      return intents;
    } finally {
      client.close();
    }
  }

  #cluster(): Cluster {
    return { ...cluster, controlPlane: this.settings };
  }

  #host(name: string): SimulatedHost {
    const host = new SimulatedHost(name);
    host.etcdctl = (script) => this.#etcdctl(script);
    return host;
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
    const { facts } = this.#of(name);
    const holdsAuthority = facts.files[`${paths.pki}/ca.crt`] !== undefined;
    const authority = holdsAuthority ? { caSha256: caHash(this.#identity.ca.certificate) } : {};
    const apiNames = apiServerNames(
      cluster,
      [...this.hosts.keys()].map((each) => this.#reachable(each)),
    );
    const pods = facts.kubernetes.initialized === undefined ? {} : { staticPods: this.#pods(name) };
    return Promise.resolve({
      ...facts,
      kubernetes: { ...facts.kubernetes, ...authority, apiNames, ...pods },
    });
  }

  /** The components as kubeadm began them, or as they were changed since. */
  #pods(name: string): NonNullable<HostFacts["kubernetes"]["staticPods"]> {
    const view = blankView("controlPlane", { host: this.#reachable(name), cluster });
    return Object.fromEntries(
      Object.entries(components).map(([key, component]) => {
        const usual = wantedArgs(view, key as ComponentKey);
        const args = this.#of(name).podArgs.get(component) ?? usual;
        return [component, { args, volumes: [], patch: "", isUnproven: false }];
      }),
    );
  }

  #of(name: string): SimulatedHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`There is no host ${name}`);
    return host;
  }

  #api(): ClusterApi {
    const nodeOf = (name: string): ClusterApi => this.#of(name).api;
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

  #update(): void {
    for (const [name, { facts }] of this.hosts) {
      if (!facts.kubernetes.etcdData) this.#expelled.delete(name);
      else if (!this.#expelled.has(name)) this.#listed.add(name);
    }
  }

  #etcdctl(script: string): string {
    this.#update();
    const [, removed] = /etcd member remove (\S+)/.exec(script) ?? [];
    if (removed !== undefined) {
      this.#listed.delete(removed);
      this.#expelled.add(removed);
      return "";
    }
    if (script.includes("endpoint status --cluster")) return this.#status();
    if (/ compact | alarm | defrag/.test(script)) return this.#makeRoom(script);
    const lines = [...this.#listed].map((name) => {
      const url = `https://${this.#reachable(name).nodeAddress}`;
      return `${name}, started, ${name}, ${url}:2380, ${url}:2379, false`;
    });
    const health = [...this.#listed].map((name) => ({
      endpoint: `https://${this.#reachable(name).nodeAddress}:2379`,
      health: !this.isFull && !this.dead.has(name) && this.#of(name).facts.kubernetes.etcdData,
      ...(this.isFull && { error: "Active Alarm(s): NOSPACE NOSPACE" }),
    }));
    return ["confirmed", ...lines, JSON.stringify(health)].join("\n");
  }

  #status(): string {
    const living = [...this.#listed].filter((name) => !this.dead.has(name));
    const all = living.map((name, index) => {
      const { size, used } = this.room.get(name) ?? { size: 20_480, used: 16_384 };
      const header = { member_id: 13803658152347727300 + index * 4096, revision: 77 };
      const status = {
        header,
        leader: 13803658152347727300,
        dbSize: size,
        dbSizeInUse: used,
        dbSizeQuota: 1000 ** 3,
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

const noKubeconfig = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:1" } }],
  users: [],
  contexts: [{ name: "none", context: { cluster: "none" } }],
  "current-context": "none",
});
