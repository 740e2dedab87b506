import type { DrainPolicy } from "../kube/drain-blockers.ts";
import type { DrainOptions } from "../kube/drain.ts";

/** A host whose kubelet is silent may still run its pods; one that is dead is noticed by the API only after a while. */
const silentDrainSeconds = 20;

/** How a host's Node is drained before it goes. Pods of a dead kubelet never say that they ended: they go with their Node. */
export function removalDrainPolicy(kubeletLives: boolean, wanted: DrainPolicy = {}): DrainOptions {
  return kubeletLives ? wanted : { bestEffort: true, timeoutSeconds: silentDrainSeconds };
}
