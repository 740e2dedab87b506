import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../errors.ts";
import type { NodeFacts } from "./node-facts.ts";

/** The label with the name of a worker's pool. */
export const poolLabel = "keelson.dev/pool";

/** A worker that wants to leave. */
export interface Leaving {
  readonly clusterId: string;
  readonly nodeName: string;
  /** Undefined for a worker without a pool: all of those are one. */
  readonly pool: string | undefined;
  readonly maxUnavailable: number;
  readonly signal: AbortSignal;
  /** How long the others may take, in milliseconds. */
  readonly deadlineMs: number;
  /** How often to look again, in milliseconds. @default 500 */
  readonly pauseMs?: number;
  readonly nodes: () => Promise<ReadonlyMap<string, NodeFacts>>;
  readonly onWaiting: (why: string) => void;
}

/** The nodes that leave just now, by cluster and pool. Other runs have none: a cluster is changed by one at a time. */
const leavingNow = new Map<string, Set<string>>();

/**
 * Works while the worker is one of the few of its pool that may be away. Nodes that are away already for another reason
 * count, yet one may always go: their repair may be a part of this run that has not begun.
 *
 * @throws KeelsonError KEELSON_TIMEOUT if the others do not come to an end; KEELSON_ABORTED
 */
export async function withDrainSlot<Result>(leaving: Leaving, work: () => Promise<Result>): Promise<Result> {
  const key = `${leaving.clusterId}/${leaving.pool ?? ""}`;
  const slots = leavingNow.get(key) ?? new Set();
  leavingNow.set(key, slots);
  await waitForSlot(leaving, slots);
  try {
    return await work();
  } finally {
    slots.delete(leaving.nodeName);
  }
}

async function waitForSlot(leaving: Leaving, slots: Set<string>): Promise<void> {
  const { nodeName, signal, deadlineMs, pauseMs = 500 } = leaving;
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    throwIfAborted(signal, `drain node "${nodeName}"`);
    const away = awayOf(leaving, await leaving.nodes(), slots);
    // From here to the reservation nothing else of this process runs.
    if (slots.size < Math.max(1, leaving.maxUnavailable - away.length)) {
      slots.add(nodeName);
      return;
    }
    const names = [...slots, ...away].join(", ");
    const why = `waits for ${names}: at most ${String(leaving.maxUnavailable)} of its pool may be away`;
    if (Date.now() > deadline) {
      throw new KeelsonError("KEELSON_TIMEOUT", `Cannot drain node "${nodeName}": it ${why}`);
    }
    leaving.onWaiting(why);
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The other nodes of the pool that cannot run pods now, without those that leave. */
function awayOf(
  { nodeName, pool }: Leaving,
  nodes: ReadonlyMap<string, NodeFacts>,
  slots: ReadonlySet<string>,
): readonly string[] {
  return [...nodes].flatMap(([name, { ready, schedulable, labels }]) => {
    const isPeer = labels[poolLabel] === pool && !("node-role.kubernetes.io/control-plane" in labels);
    return isPeer && name !== nodeName && !slots.has(name) && !(ready && schedulable) ? [name] : [];
  });
}
