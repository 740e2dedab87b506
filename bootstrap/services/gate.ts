import type { KubeClient } from "../../kube/client.ts";
import { nameOf } from "../../kube/object.ts";
import type { KubeObject } from "../../kube/object.ts";

/** A DaemonSet or Deployment as the API returns it, as far as it is read here. */
interface Workload {
  readonly metadata: { readonly generation?: number };
  readonly status?: Readonly<Record<string, number | undefined>> & { readonly observedGeneration?: number };
}

/** Names of the workloads that do not run yet on the nodes there are; empty if the gate is open. */
export async function closedGates(
  client: KubeClient,
  gates: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const states = await Promise.all(
    gates.map(async (gate) => {
      const live = await client.find<Workload>(workloadPath(gate), { signal });
      return live !== undefined && runs(gate.kind, live) ? [] : [nameOf(gate)];
    }),
  );
  return states.flat();
}

/** Where a workload lives in the API. */
export function workloadPath({ kind, metadata: { namespace = "default", name } }: KubeObject): string {
  return `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
}

/** A Deployment serves with one replica: the others may wait for nodes that are still to join. */
function runs(kind: string, { metadata, status = {} }: Workload): boolean {
  if (status.observedGeneration !== metadata.generation) return false;
  if (kind === "Deployment") return (status["availableReplicas"] ?? 0) > 0;
  const desired = status["desiredNumberScheduled"] ?? 0;
  return desired > 0 && status["numberReady"] === desired && status["updatedNumberScheduled"] === desired;
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly initContainerStatuses?: readonly Container[];
    readonly containerStatuses?: readonly Container[];
  };
}

interface Container {
  readonly name: string;
  readonly ready: boolean;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

/** Which gates are closed and what ails the cluster's own pods, in one line. */
export async function diagnoseGates(
  client: KubeClient,
  gates: readonly KubeObject[],
  signal: AbortSignal,
): Promise<string> {
  const closed = await closedGates(client, gates, signal);
  const { items } = await client.request<{ readonly items: readonly Pod[] }>({
    path: "/api/v1/namespaces/kube-system/pods",
    signal,
  });
  return [`not running: ${closed.join(", ")}`, ...items.flatMap(troubleOf)].join("; ");
}

function troubleOf({ metadata, status = {} }: Pod): readonly string[] {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return containers.flatMap(({ name, ready, state }) => {
    const waiting = state?.waiting;
    if (ready || waiting?.reason === undefined || waiting.reason === "PodInitializing") return [];
    const message = waiting.message === undefined ? "" : ` (${waiting.message.slice(0, 200)})`;
    return [`pod ${metadata.name}, container ${name}: ${waiting.reason}${message}`];
  });
}
