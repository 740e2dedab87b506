import { KeelsonError } from "../errors.ts";
import { waitFor } from "../remote/wait.ts";
import type { Inventory } from "./apply-set.ts";
import { lookAtSet } from "./look.ts";
import { type DeliveryOptions, openSession, type TargetCluster } from "./session.ts";
import { judgeSet, type SetHealth } from "./set-health.ts";

export interface HealthOptions extends DeliveryOptions {
  readonly inventory: Inventory;
  /** The digest that the set is to have. @default - that of the last release that was applied as a whole */
  readonly release?: string;
}

/**
 * Reads all members of a set and judges them. A list that fails is an error, not an empty set.
 *
 * @throws KeelsonError KEELSON_API_UNAVAILABLE, KEELSON_ABORTED; KubeError
 */
export async function readHealth(cluster: TargetCluster, options: HealthOptions): Promise<SetHealth> {
  const session = openSession(cluster, [], options);
  const { record, members } = await lookAtSet(session, options.inventory);
  return judgeSet([...members.values()], options.release ?? record.release);
}

/**
 * Waits until a set is healthy or has failed, at most until the deadline, in milliseconds, and says how it is then.
 *
 * @throws what `readHealth` throws, but an API server that does not answer is waited for
 */
export async function waitForHealth(
  cluster: TargetCluster,
  { deadlineMs, ...options }: HealthOptions & { readonly deadlineMs: number },
): Promise<SetHealth> {
  const { inventory, onEvent, signal } = options;
  let last: SetHealth | undefined;
  try {
    return await waitFor({
      what: `"${inventory.namespace}/${inventory.name}" on "${cluster.name}" to be healthy`,
      deadlineMs,
      ...(signal && { signal }),
      probe: async (probing) => {
        last = await readHealth(cluster, { ...options, signal: probing });
        return last.state === "progressing" ? undefined : last;
      },
      diagnose: () => Promise.resolve(last?.reasons.join("; ") ?? "its API server does not answer"),
      onWaiting: (why) => onEvent?.({ type: "waiting", why }),
    });
  } catch (error) {
    if (KeelsonError.is(error) && error.code === "KEELSON_TIMEOUT" && last !== undefined) return last;
    throw error;
  }
}
