import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import type { KubeClient } from "./client.ts";
import { hasStatus, KubeError } from "./errors.ts";

const retryMs = 1000;

export interface DrainOptions {
  readonly signal?: AbortSignal;
  /** How long pods may take to leave, in milliseconds. @default 300000 */
  readonly deadlineMs?: number;
  /** How long to wait before asking again, in milliseconds. @default 1000 */
  readonly retryMs?: number;
  readonly onProgress?: (line: string) => void;
}

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly controller?: boolean }[];
  };
  readonly status?: { readonly phase?: string };
}

/** Marks a node as unschedulable, or as schedulable again. No error if the Node is gone. */
export async function cordon(
  client: KubeClient,
  node: string,
  unschedulable: boolean,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await client.request({
      method: "PATCH",
      path: `/api/v1/nodes/${encodeURIComponent(node)}`,
      contentType: "application/merge-patch+json",
      body: { spec: { unschedulable: unschedulable ? true : null } },
      ...(signal && { signal }),
    });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

/**
 * Cordons a node and evicts its pods through the eviction API, so disruption budgets are respected. Pods of DaemonSets
 * and static pods stay. If it fails or is cancelled, a node that was schedulable before is so again.
 *
 * @throws KeelsonError KEELSON_TIMEOUT with the pods that did not leave and why; KEELSON_ABORTED
 */
export async function drain(client: KubeClient, node: string, options: DrainOptions = {}): Promise<void> {
  const path = `/api/v1/nodes/${encodeURIComponent(node)}`;
  const before = await client.find<{ readonly spec?: { readonly unschedulable?: boolean } }>(path, {
    ...(options.signal && { signal: options.signal }),
  });
  try {
    await cordon(client, node, true, options.signal);
    await evictAll(client, node, options);
  } catch (error) {
    // Without the run's signal: a cancelled run must give the node back, too. Its failure must not hide the first one.
    if (before?.spec?.unschedulable !== true) await cordon(client, node, false).catch(() => undefined);
    throw error;
  }
}

async function evictAll(client: KubeClient, node: string, options: DrainOptions): Promise<void> {
  const deadline = Date.now() + (options.deadlineMs ?? 300_000);
  for (;;) {
    throwIfAborted(options.signal, `drain node "${node}"`);
    const pods = await podsToMove(client, node, options.signal);
    if (pods.length === 0) return;
    const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const refusals = await Promise.all(staying.map((pod) => evict(client, pod, options.signal)));
    const blocked = refusals.filter((refusal) => refusal !== undefined);
    options.onProgress?.(
      `Draining: ${String(pods.length)} pods to move${blocked[0] ? `, ${blocked[0]}` : ""}`,
    );
    if (Date.now() > deadline) {
      const names = pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ");
      const why = blocked.length > 0 ? `; ${blocked.join("; ")}` : "";
      throw new KeelsonError(
        "KEELSON_TIMEOUT",
        `Cannot drain node "${node}": pods did not leave: ${names}${why}`,
      );
    }
    await pause(options.retryMs ?? retryMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

/** Lists the pods that a drain has to move away from a node. */
export async function podsToMove(
  client: KubeClient,
  node: string,
  signal?: AbortSignal,
): Promise<readonly Pod[]> {
  const { items } = await client.request<{ readonly items: readonly Pod[] }>({
    path: "/api/v1/pods",
    query: { fieldSelector: `spec.nodeName=${node}` },
    ...(signal && { signal }),
  });
  return items.filter((pod) => !staysOnNode(pod));
}

function staysOnNode({ metadata, status }: Pod): boolean {
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return true;
  if (metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) return true;
  return (
    metadata.ownerReferences?.some(({ kind, controller }) => kind === "DaemonSet" && controller === true) ??
    false
  );
}

/** Asks for one eviction; answers with the reason if it is refused for now. */
async function evict(
  client: KubeClient,
  { metadata }: Pod,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { name, namespace, uid } = metadata;
  try {
    await client.request({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(name)}/eviction`,
      body: {
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { name, namespace },
        deleteOptions: { preconditions: { uid } },
      },
      ...(signal && { signal }),
    });
    return undefined;
  } catch (error) {
    // 409: another pod took the name, so ours is gone.
    if (hasStatus(error, 404) || hasStatus(error, 409)) return undefined;
    if (error instanceof KubeError && error.status === 429) {
      return `${namespace}/${name} is kept by a disruption budget (${error.causes.join(", ") || error.message})`;
    }
    throw error;
  }
}
