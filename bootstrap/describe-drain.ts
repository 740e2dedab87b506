import type { KubeClient } from "../kube/client.ts";
import { readDrainFacts, refuseBlockedDrain } from "../kube/drain-blockers.ts";
import type { DrainOptions } from "../kube/drain.ts";
import { podName, podsToMove } from "../kube/pods-to-move.ts";

const mostNames = 5;

/**
 * What a drain would do now, in words: how many pods have to move, and the first of them.
 *
 * @throws ProblemsError with every pod that will not leave
 */
export async function describeDrain(
  client: Pick<KubeClient, "request">,
  node: string,
  { policy, signal }: { readonly policy: DrainOptions; readonly signal: AbortSignal },
): Promise<string> {
  const pods = await podsToMove(client, node, signal);
  if (policy.bestEffort !== true) {
    refuseBlockedDrain(node, await readDrainFacts(client, pods, signal), policy);
  }
  if (pods.length === 0) return "drain the Node: no pod has to move";
  const names = pods.slice(0, mostNames).map(podName);
  const more = pods.length > mostNames ? ", …" : "";
  const noun = pods.length === 1 ? "1 pod moves" : `${String(pods.length)} pods move`;
  return `drain the Node: ${noun} (${names.join(", ")}${more})`;
}
