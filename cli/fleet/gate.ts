import { setTimeout as pause } from "node:timers/promises";
import type { HttpProbe } from "../../clusters/waves/waves.ts";
import { type Inventory, readHealth, type TargetCluster } from "../../delivery/index.ts";
import { KeelsonError, throwIfAborted } from "../../errors.ts";
import { KubeError } from "../../kube/errors.ts";
import type { GateRequest, Verdict } from "./world.ts";

const firstPauseMs = 500;
const longestPauseMs = 3000;
/** A cluster that says nothing for so long is silent, and nobody waits for it. */
const silenceMs = 10_000;
/** How long an answer of the app may take. */
const answerMs = 5000;

/**
 * Waits until an app is healthy on a cluster, answers where it is asked to, and has done so for the time of the soak. Only
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
  const { deadlineMs, soakMs, signal } = request;
  const deadline = performance.now() + deadlineMs;
  let [healthySince, heard] = [Number.POSITIVE_INFINITY, performance.now()];
  let last: readonly string[] = ["its API server did not answer"];
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    throwIfAborted(signal, `wait for "${target.name}"`);
    const sight = await lookOnce(target, inventory, request);
    const now = performance.now();
    if (sight !== undefined) [last, heard] = [sight.reasons, now];
    else if (now - heard > silenceMs || now > deadline) return { state: "silent" };
    if (sight?.hasFailed === true) return failed("failed", last);
    const isHealthy = sight?.reasons.length === 0;
    healthySince = isHealthy ? Math.min(healthySince, now) : Number.POSITIVE_INFINITY;
    if (now - healthySince >= soakMs) return { state: "verified" };
    if (now > deadline) return failed("not healthy in time", last);
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
): Promise<Sight | undefined> {
  try {
    const { state, reasons } = await readHealth(target, { inventory, release: version, signal });
    if (state !== "healthy") return { hasFailed: state === "failed", reasons };
    const answers = await Promise.all(http.map((probe) => ask(target, inventory, { probe, signal })));
    return { hasFailed: false, reasons: answers.flat() };
  } catch (error) {
    if (KeelsonError.is(error) && error.code === "KEELSON_API_UNAVAILABLE") return undefined;
    throw error;
  }
}

/** Asks a Service through the API server; gives why the answer is no success. */
async function ask(
  { client }: TargetCluster,
  { namespace }: Inventory,
  { probe: { service, port, path }, signal }: { readonly probe: HttpProbe; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const name = [service, port].map(encodeURIComponent).join(":");
  try {
    const way = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/${name}/proxy${path}`;
    await client.request({ path: way, timeoutMs: answerMs, signal });
    return [];
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return [`${service}:${port}${path} answers with ${error.status}`];
  }
}

function failed(why: string, reasons: readonly string[]): Verdict {
  return { state: "failed", reason: `${why}: ${reasons.slice(0, 5).join("; ")}` };
}
