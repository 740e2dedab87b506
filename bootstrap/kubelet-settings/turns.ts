import { setTimeout as pause } from "node:timers/promises";
import { KeelsonError, throwIfAborted } from "../../errors.ts";

/** A node whose kubelet wants to be changed. */
export interface Turn {
  readonly clusterId: string;
  readonly host: string;
  /** Undefined for nodes without a pool: all of those are one. */
  readonly pool: string | undefined;
  /** How many nodes of the pool may be in change at once. */
  readonly limit: number;
  /** What is changed to: what one node refused is not tried on the others. */
  readonly settings: string;
  readonly signal: AbortSignal;
  readonly onWaiting: (why: string) => void;
  /** How often to look again, in milliseconds. @default 300 */
  readonly pauseMs?: number;
}

/** How long a refusal counts: those that were on their way to their turn meanwhile must hear of it. */
const refusalMs = 60_000;

interface Line {
  readonly busy: Set<string>;
  refused?: { readonly host: string; readonly settings: string; readonly at: number };
}

/** The nodes in change now, by cluster and pool. Other runs have none: a cluster is changed by one at a time. */
const linesNow = new Map<string, Line>();

/**
 * Works while no more than a few nodes of the pool are in change.
 *
 * @throws KeelsonError KEELSON_SETTING_REFUSED if another node of the pool has just refused the same settings
 */
export async function inTurn<Result>(turn: Turn, work: () => Promise<Result>): Promise<Result> {
  const key = `${turn.clusterId}/${turn.pool ?? ""}`;
  const line = linesNow.get(key) ?? { busy: new Set() };
  linesNow.set(key, line);
  await waitFor(turn, line);
  try {
    const result = await work();
    if (line.refused?.settings === turn.settings) delete line.refused;
    return result;
  } catch (error) {
    const { host, settings } = turn;
    if (KeelsonError.is(error) && error.code === "KEELSON_SETTING_REFUSED") {
      line.refused = { host, settings, at: performance.now() };
    }
    throw error;
  } finally {
    line.busy.delete(turn.host);
  }
}

async function waitFor(
  { host, settings, limit, signal, onWaiting, pauseMs = 300 }: Turn,
  line: Line,
): Promise<void> {
  for (let said = ""; ;) {
    throwIfAborted(signal, `change the kubelet of ${host}`);
    const { refused, busy } = line;
    const isRefused = refused !== undefined && refused.host !== host && refused.settings === settings;
    if (isRefused && performance.now() - refused.at < refusalMs) {
      throw new KeelsonError(
        "KEELSON_SETTING_REFUSED",
        `Cannot change the kubelet of "${host}": "${refused.host}" of the same pool refused these settings; this host was not touched`,
      );
    }
    // From here to the reservation nothing else of this process runs.
    if (busy.size < limit) {
      busy.add(host);
      return;
    }
    const why = `waits for the kubelet of ${[...busy].join(", ")}`;
    if (why !== said) onWaiting(why);
    said = why;
    await pause(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
