import { KeelsonError } from "../../errors.ts";
import type { KubeClient } from "../../kube/client.ts";
import { nameOf } from "../../kube/object.ts";
import type { KubeObject } from "../../kube/object.ts";

/** A DaemonSet or Deployment as the API returns it, as far as it is read here. */
interface Workload {
  readonly metadata: { readonly generation?: number };
  readonly status?: Readonly<Record<string, number | undefined>> & { readonly observedGeneration?: number };
}

/**
 * Names of the workloads that do not run yet on the nodes there are; empty if the gate is open. Nodes of which nobody
 * hears do not count: who brings them back, or removes them, comes after the services.
 */
export async function closedGates(
  client: KubeClient,
  gates: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const closed = (lost: number): Promise<readonly string[]> => closedWithout(client, { gates, lost }, signal);
  const all = await closed(0);
  if (all.length === 0) return [];
  const lost = await countLost(client, signal);
  return lost === 0 ? all : closed(lost);
}

async function closedWithout(
  client: KubeClient,
  { gates, lost }: { readonly gates: readonly KubeObject[]; readonly lost: number },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const states = await Promise.all(
    gates.map(async (gate) => {
      const live = await client.find<Workload>(workloadPath(gate), { signal });
      return live !== undefined && runs(gate.kind, live, lost) ? [] : [nameOf(gate)];
    }),
  );
  return states.flat();
}

interface Node {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** A kubelet that lives says "False" where the pod network lacks; "Unknown" is what others say of one that is silent. */
async function countLost(client: KubeClient, signal: AbortSignal): Promise<number> {
  const { items } = await client.request<{ readonly items: readonly Node[] }>({
    path: "/api/v1/nodes",
    signal,
  });
  const isLost = ({ status: { conditions = [] } = {} }: Node): boolean =>
    conditions.some(({ type, status }) => type === "Ready" && status === "Unknown");
  return items.filter(isLost).length;
}

/** Where a workload lives in the API. */
export function workloadPath({ kind, metadata: { namespace = "default", name } }: KubeObject): string {
  return `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
}

/** A Deployment serves with one replica: the others may wait for nodes that are still to join. */
function runs(kind: string, { metadata, status = {} }: Workload, lost: number): boolean {
  if (status.observedGeneration !== metadata.generation) return false;
  if (kind === "Deployment") return (status["availableReplicas"] ?? 0) > 0;
  const { desiredNumberScheduled = 0, numberReady = 0, updatedNumberScheduled = 0 } = status;
  const needed = desiredNumberScheduled - lost;
  return needed > 0 && numberReady >= needed && updatedNumberScheduled >= needed;
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
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
  };
}

/** Which gates are closed, what ails the cluster's own pods, and the last words of the first that fails. One line. */
export async function diagnoseGates(
  client: KubeClient,
  gates: readonly KubeObject[],
  signal: AbortSignal,
): Promise<string> {
  const closed = await closedGates(client, gates, signal);
  const { items } = await client.request<{ readonly items: readonly Pod[] }>({ path: podsPath, signal });
  const troubles = items.flatMap(troublesOf);
  const words = await lastWords(client, troubles[0], signal);
  return [`not running: ${closed.join(", ")}`, ...troubles.map(({ why }) => why), ...words].join("; ");
}

/** Deletes the cluster's own pods that crashed and wait for their next try: after a repair that wait is in vain. */
export async function restartCrashed(client: KubeClient, signal: AbortSignal): Promise<void> {
  const { items } = await client.request<{ readonly items: readonly Pod[] }>({ path: podsPath, signal });
  const crashed = items.filter((pod) => troublesOf(pod).some(({ why }) => why.includes("CrashLoopBackOff")));
  await Promise.all(
    crashed.map(({ metadata }) =>
      client.request({ method: "DELETE", path: `${podsPath}/${metadata.name}`, signal }),
    ),
  );
}

const podsPath = "/api/v1/namespaces/kube-system/pods";

interface Trouble {
  readonly pod: string;
  readonly container: string;
  readonly why: string;
}

function troublesOf({ metadata, status = {} }: Pod): readonly Trouble[] {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return containers.flatMap(({ name, ready, state = {} }): readonly Trouble[] => {
    const { waiting, terminated } = state;
    const reason = waiting?.reason ?? terminated?.reason;
    if (ready || reason === undefined || harmless.has(reason)) return [];
    const message = waiting?.message === undefined ? "" : ` (${waiting.message.slice(0, 200)})`;
    return [{ pod: metadata.name, container: name, why: `${metadata.name}/${name}: ${reason}${message}` }];
  });
}

const harmless = new Set(["PodInitializing", "ContainerCreating", "Completed"]);

async function lastWords(
  client: KubeClient,
  trouble: Trouble | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!trouble) return [];
  const { pod, container } = trouble;
  const path = `${podsPath}/${pod}/log`;
  try {
    const text = await client.request<unknown>({ path, query: { container, tailLines: "2" }, signal });
    return typeof text === "string" && text.trim() !== ""
      ? [`${container} says: ${text.trim().slice(-300)}`]
      : [];
  } catch (error) {
    // A container that never started has said nothing.
    if (KeelsonError.is(error) && error.code === "KEELSON_API_REFUSED") return [];
    throw error;
  }
}
