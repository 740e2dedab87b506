import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import type { KubeClient } from "./client.ts";
import { isLocked, readDrainFacts, refuseBlockedDrain } from "./drain-blockers.ts";
import type { Budget, DrainPolicy } from "./drain-blockers.ts";
import { hasStatus, KubeError } from "./errors.ts";
import { nodePath } from "./node-path.ts";
import { podName, podsToMove } from "./pods-to-move.ts";
import type { Pod } from "./pods-to-move.ts";

const defaultTimeoutSeconds = 300;
const longestPauseMs = 1000;

/** Says that a drain of keelson's cordoned the Node, and not a person. */
export const drainAnnotation = "keelson.dev/draining";

export interface DrainOptions extends DrainPolicy {
  readonly signal?: AbortSignal;
  /** How long to wait at most before asking again, in milliseconds. @default 1000 */
  readonly retryMs?: number;
  /** Hears which pod is waited for, and why, whenever that changes. */
  readonly onProgress?: (line: string) => void;
  /**
   * True: moves what can be moved in time and is content with it, for a node whose host is gone.
   * @default false
   */
  readonly bestEffort?: boolean;
}

/** Marks a node as unschedulable, or as schedulable again. No error if the Node is gone. */
export async function cordon(
  client: KubeClient,
  node: string,
  unschedulable: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const mark = unschedulable ? true : null;
  try {
    await client.request({
      method: "PATCH",
      path: nodePath(node),
      contentType: "application/merge-patch+json",
      body: {
        metadata: { annotations: { [drainAnnotation]: unschedulable ? "true" : null } },
        spec: { unschedulable: mark },
      },
      ...(signal && { signal }),
    });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

/**
 * Cordons a node and evicts its pods through the eviction API, so disruption budgets are respected. Pods of DaemonSets
 * and static pods stay. What cannot leave is named before anything is touched. If it fails or is cancelled, a node that
 * was schedulable before is so again.
 *
 * @throws ProblemsError with every pod that will not leave; nothing was touched
 * @throws KeelsonError KEELSON_TIMEOUT with the pods that did not leave and why; KEELSON_ABORTED
 */
export async function drain(client: KubeClient, node: string, options: DrainOptions = {}): Promise<void> {
  const { signal } = options;
  const reading = signal && { signal };
  const [before, pods] = await Promise.all([
    client.find<{ readonly spec?: { readonly unschedulable?: boolean } }>(nodePath(node), reading),
    podsToMove(client, node, signal),
  ]);
  const facts = await readDrainFacts(client, pods, signal);
  if (options.bestEffort !== true) refuseBlockedDrain(node, facts, options);
  const wasSchedulable = before?.spec?.unschedulable !== true;
  try {
    if (wasSchedulable) await cordon(client, node, true, signal);
    await evictAll(client, node, { ...options, budgets: facts.budgets });
  } catch (error) {
    // Without the run's signal: a cancelled run must give the node back, too. Its failure must not hide the first one.
    if (wasSchedulable) await cordon(client, node, false).catch(() => undefined);
    throw error;
  }
}

interface Eviction extends DrainOptions {
  readonly budgets: readonly Budget[];
}

async function evictAll(client: KubeClient, node: string, options: Eviction): Promise<void> {
  const { timeoutSeconds = defaultTimeoutSeconds, signal } = options;
  const deadline = Date.now() + timeoutSeconds * 1000;
  let said = "";
  for (let pauseMs = 100; ; pauseMs *= 2) {
    throwIfAborted(signal, `drain node "${node}"`);
    const pods = await podsToMove(client, node, signal);
    if (pods.length === 0) return;
    const isLate = Date.now() > deadline;
    const waits = await moveAll(client, pods, { ...options, isLate });
    const line = [`draining: ${countOf(pods)} to move`, ...waits.slice(0, 1)].join("; ");
    if (line !== said) options.onProgress?.(line);
    said = line;
    const graceMs = options.force === true ? longestGraceMs(pods) : 0;
    const isOver = Date.now() > deadline + graceMs;
    if ((isLate || isOver) && options.bestEffort === true) return;
    if (isOver) throw late(node, pods, waits);
    const nextMs = Math.min(pauseMs, options.retryMs ?? longestPauseMs);
    await pause(nextMs, undefined, { signal }).catch(() => undefined);
  }
}

/** A forced drain deletes what is left when its time is over: those pods get the time that they ask for to end. */
function longestGraceMs(pods: readonly Pod[]): number {
  const seconds = pods.map(({ metadata }) => metadata.deletionGracePeriodSeconds ?? 0);
  return (Math.max(0, ...seconds) + 30) * 1000;
}

/** Begins to move pods; answers with why some are still there. */
async function moveAll(
  client: KubeClient,
  pods: readonly Pod[],
  options: Eviction & { readonly isLate: boolean },
): Promise<readonly string[]> {
  const reasons = await Promise.all(pods.map((pod) => moveOrWhyNot(client, pod, options)));
  return reasons.filter((reason) => reason !== undefined);
}

/** Begins to move a pod unless it is on its way; answers with why it is still there. */
async function moveOrWhyNot(
  client: KubeClient,
  pod: Pod,
  { budgets, force, isLate, signal }: Eviction & { readonly isLate: boolean },
): Promise<string | undefined> {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  if (deletionTimestamp !== undefined) {
    const seconds =
      deletionGracePeriodSeconds === undefined
        ? ""
        : ` (it may take ${String(deletionGracePeriodSeconds)} s)`;
    return `${podName(pod)} is ending${seconds}`;
  }
  // No budget protects a pod that the policy gives up.
  if (force === true && (isLate || isLocked(pod, budgets))) return remove(client, pod, signal);
  return evict(client, pod, signal);
}

/** Asks for one eviction; answers with the reason if it is refused for now. */
async function evict(client: KubeClient, pod: Pod, signal?: AbortSignal): Promise<string | undefined> {
  const { name, namespace } = pod.metadata;
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
  try {
    await client.request({
      method: "POST",
      path: `${podPath(pod)}/eviction`,
      body: { ...body, deleteOptions: preconditions(pod) },
      ...(signal && { signal }),
    });
    return undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    if (error instanceof KubeError && error.status === 429) {
      const budgets = error.causes.map(({ message }) => message).join(", ");
      return `${podName(pod)} is kept by a disruption budget (${budgets || error.message})`;
    }
    throw error;
  }
}

async function remove(client: KubeClient, pod: Pod, signal?: AbortSignal): Promise<undefined> {
  try {
    await client.request({
      method: "DELETE",
      path: podPath(pod),
      body: { apiVersion: "v1", kind: "DeleteOptions", ...preconditions(pod) },
      ...(signal && { signal }),
    });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return undefined;
}

/** 409: another pod took the name, so ours is gone. */
function isGone(error: unknown): boolean {
  return hasStatus(error, 404) || hasStatus(error, 409);
}

function preconditions({ metadata: { uid } }: Pod): object {
  return { preconditions: { uid } };
}

function podPath({ metadata: { namespace, name } }: Pod): string {
  return `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(name)}`;
}

function late(node: string, pods: readonly Pod[], waits: readonly string[]): KeelsonError {
  const why = waits.length > 0 ? `; ${waits.join("; ")}` : "";
  return new KeelsonError(
    "KEELSON_TIMEOUT",
    `Cannot drain node "${node}": pods did not leave: ${pods.map(podName).join(", ")}${why}`,
  );
}

function countOf({ length }: readonly Pod[]): string {
  return `${String(length)} ${length === 1 ? "pod" : "pods"}`;
}
