import { setTimeout as pause } from "node:timers/promises";
import type { Duplex } from "node:stream";
import { listMembers } from "../../bootstrap/etcd/etcdctl.ts";
import { kubeClient } from "../../kube/client.ts";
import { livingWay } from "../../kube/first-living.ts";
import { waitFor } from "../../remote/wait.ts";
import type { MetalStack } from "./metal-stack.ts";
import { askReady, dialFromHere, watch, type Watched } from "./watch.ts";

/** Who asks what while a control-plane host dies. */
export type Client = keyof ReturnType<typeof clientsOf>;

/** How each of them fared, and the longest time between two heartbeats of a worker, in seconds. */
export interface Failover {
  readonly clients: Readonly<Record<Client, Watched>>;
  readonly heartbeatSeconds: number;
}

export interface Scene {
  readonly controlPlanes: readonly string[];
  /** Two of them. */
  readonly workers: readonly string[];
  /** The address that workers and everybody else use; without it each node is its own endpoint. */
  readonly vip?: string;
}

const apiPort = 6443;
const nodePort = 30080;
/** Longer than any client may have to wait, and than a worker's time between two heartbeats. */
const watchedMs = 25_000;

/** Cuts the power of a control-plane host while its cluster is in use. It stays off. */
export async function failOver(stack: MetalStack, scene: Scene, victim: string): Promise<Failover> {
  const asked = Object.entries(clientsOf(stack, scene)) as [Client, Parameters<typeof watch>[0]][];
  const watches = asked.map(([name, ask]) => [name, watch(ask)] as const);
  const heartbeats = await watchHeartbeats(stack, scene);
  await Promise.all(watches.map(([, { answered }]) => answered));
  await stack.powerOff(victim);
  await pause(watchedMs);
  const ended = await Promise.all(watches.map(async ([name, each]) => [name, await each.end()] as const));
  return {
    clients: Object.fromEntries(ended) as Failover["clients"],
    heartbeatSeconds: await heartbeats.end(),
  };
}

/** Switches a host on again, and waits until all members of etcd and all API servers serve. */
export async function recover(stack: MetalStack, { controlPlanes }: Scene, victim: string): Promise<void> {
  await stack.powerOn(victim);
  await waitFor({
    what: "all control-plane hosts to serve",
    deadlineMs: 120_000,
    probe: async () => {
      const list = await listMembers(stack.runner(victim)).catch(() => undefined);
      if (list?.members.filter(({ isHealthy }) => isHealthy).length !== controlPlanes.length)
        return undefined;
      const ask = (name: string): Promise<void> =>
        askReady(() => dialFromHere(stack.machine(name).address, apiPort), AbortSignal.timeout(1000));
      return Promise.all(controlPlanes.map(ask)).then(
        () => true,
        () => undefined,
      );
    },
  });
}

/** On a worker, in its pods' network, outside of the cluster, and of the app. */
function clientsOf(
  stack: MetalStack,
  scene: Scene,
): Record<"node" | "pod" | "outside" | "app", Parameters<typeof watch>[0]> {
  const [first = "", second = ""] = scene.workers;
  const { vip } = scene;
  const [host, port] = vip === undefined ? (["127.0.0.1", 7443] as const) : ([vip, apiPort] as const);
  const outside = vip === undefined ? throughHosts(stack, scene) : () => dialFromHere(vip, apiPort);
  return {
    node: (signal) => askReady(() => stack.runner(first).dial(host, port), signal),
    pod: (signal) => askReady(() => stack.runner(second).dial("10.96.0.1", 443), signal),
    outside: (signal) => askReady(outside, signal),
    app: async (signal) => {
      const response = await fetch(`http://${stack.machine(first).address}:${String(nodePort)}/`, {
        signal,
        headers: { connection: "close" },
      });
      await response.text();
      if (!response.ok) throw new Error(`status ${String(response.status)}`);
    },
  };
}

/** As Pulumi's Kubernetes provider gets there. */
function throughHosts(stack: MetalStack, { controlPlanes }: Scene): () => Promise<Duplex> {
  const ways = controlPlanes.map(
    (name) => () => stack.runner(name).dial(stack.machine(name).address, apiPort),
  );
  return livingWay(ways, 2000, (late) => late.destroy());
}

/** What the kubelets of workers wrote through connections that they had long before. */
async function watchHeartbeats(stack: MetalStack, scene: Scene): Promise<{ end(): Promise<number> }> {
  const client = await kubeClient({
    kubeconfig: await stack.kubeconfig(),
    dials: [throughHosts(stack, scene)],
    serverName: "kubernetes",
  });
  const seen = new Map(scene.workers.map((name) => [name, new Set<number>()]));
  const watched = watch(async (signal) => {
    for (const name of scene.workers) {
      const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
      const lease = await client.request<{ spec: { renewTime: string } }>({ path, signal });
      seen.get(name)?.add(Date.parse(lease.spec.renewTime));
    }
  });
  return {
    end: async () => {
      await watched.end();
      client.close();
      const gaps = [...seen.values()].flatMap((times) => gapsOf([...times, Date.now()]));
      return Math.max(...gaps) / 1000;
    },
  };
}

function gapsOf(times: readonly number[]): readonly number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}
