import { setTimeout as pause } from "node:timers/promises";
import { type Inventory, readHealth, type TargetCluster } from "../../delivery/index.ts";
import { KeelsonError, throwIfAborted } from "../../errors.ts";
import { probeHttp } from "./http-probe.ts";
import { PrometheusWatch } from "./prometheus-probe.ts";
import type { GateRequest, Verdict } from "./world.ts";

const firstPauseMs = 500;
const longestPauseMs = 3000;
/** A cluster that says nothing for so long is silent, and nobody waits for it. */
const silenceMs = 10_000;

/**
 * Waits until an app is healthy on a cluster, answers where it is asked to, measures as it should, and has done so for the time of the soak. Only
 * the health of this release counts: a status of another generation, another release, a paused rollout and an empty set are
 * not healthy.
 *
 * @throws KeelsonError KEELSON_ABORTED, and what the API server refuses
 */
export async function waitAtGate(
  target: TargetCluster,
  inventory: Inventory,
  request: GateRequest,
): Promise<Verdict> {
  const { deadlineMs, soakMs, prometheus = [], signal } = request;
  const watches = prometheus.map((probe) => new PrometheusWatch(probe, target, inventory.namespace));
  const deadline = performance.now() + deadlineMs;
  let [healthySince, heard] = [Number.POSITIVE_INFINITY, performance.now()];
  let last: readonly string[] = ["its API server did not answer"];
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    throwIfAborted(signal, `wait for "${target.name}"`);
    const sight = await lookOnce(target, inventory, request, watches);
    const now = performance.now();
    if (sight !== undefined) [last, heard] = [sight.reasons, now];
    else if (now - heard > silenceMs || now > deadline) return { state: "silent" };
    if (sight?.hasFailed === true) return failed("failed", last);
    const isHealthy = sight?.reasons.length === 0;
    healthySince = isHealthy ? Math.min(healthySince, now) : Number.POSITIVE_INFINITY;
    if (now - healthySince >= soakMs) return { state: "verified" };
    if (now > deadline)
      return failed("not healthy in time", [...last, ...soaked(now - healthySince, soakMs)]);
    await pause(Math.min(pauseMs, Math.max(deadline - now, 50)), undefined, { signal }).catch(
      () => undefined,
    );
  }
}

/** What stands between a cluster and the next wave; nothing does if there are no reasons. */
interface Sight {
  readonly hasFailed: boolean;
  readonly reasons: readonly string[];
}

/** Looks at an app once; undefined if the cluster does not answer. */
async function lookOnce(
  target: TargetCluster,
  inventory: Inventory,
  { version, http = [], signal }: GateRequest,
  watches: readonly PrometheusWatch[],
): Promise<Sight | undefined> {
  try {
    const { state, reasons } = await readHealth(target, { inventory, release: version, signal });
    if (state !== "healthy") return { hasFailed: state === "failed", reasons };
  } catch (error) {
    if (KeelsonError.is(error) && error.code === "KEELSON_API_UNAVAILABLE") return undefined;
    throw error;
  }
  const answers = await Promise.all(
    http.map((probe) => probeHttp(target, inventory.namespace, probe, signal)),
  );
  if (answers.flat().length > 0) return { hasFailed: false, reasons: answers.flat() };
  const measured = await Promise.all(watches.map((watch) => watch.look(signal)));
  return {
    hasFailed: measured.some(({ state }) => state === "refused"),
    reasons: measured.filter(({ state }) => state !== "within").map(({ reason }) => reason),
  };
}

function soaked(forMs: number, soakMs: number): readonly string[] {
  if (forMs < 0) return [];
  return [`it was healthy for ${Math.floor(forMs / 1000)} of the ${soakMs / 1000} s of its soak`];
}

function failed(why: string, reasons: readonly string[]): Verdict {
  return { state: "failed", reason: `${why}: ${reasons.slice(0, 5).join("; ")}` };
}
