import { KeelsonError } from "../errors.ts";
import type { KubeClient } from "../kube/client.ts";
import { drain } from "../kube/drain.ts";
import { clusterApi, openClient } from "./api.ts";
import { parseNode } from "./node-facts.ts";
import type { NodeFacts, RawNode } from "./node-facts.ts";
import { ownerAnnotation } from "./node-settings.ts";
import type { Operation, RemoveWorker, WorkerRequest } from "./operation.ts";
import { resetHost } from "./reset-host.ts";

/**
 * Takes a worker out of its cluster: drains it if its pods can go elsewhere, resets the host if it is the cluster's,
 * removes the Node. A dead host or a dead API is no obstacle; whatever answers is tidied.
 */
export const removeWorker: RemoveWorker = async (operation, request) => {
  const client = await openLiving(operation, request);
  try {
    if (client) await drainNode(operation, request, client);
    const outcome = await resetHost(operation, request.clusterId, request.host);
    if (outcome === "silent") operation.log(request.host.name, "does not answer, and was not reset");
    if (client) await deleteNode(operation, request, client);
  } finally {
    client?.close();
  }
};

async function openLiving(operation: Operation, { access }: WorkerRequest): Promise<KubeClient | undefined> {
  if (access.kubeconfig === "") return undefined;
  const client = await openClient(operation, access);
  try {
    await client.request({ path: "/readyz", signal: operation.signal, timeoutMs: 5000 });
    return client;
  } catch (error) {
    client.close();
    if (!KeelsonError.is(error) || error.code === "KEELSON_ABORTED") throw error;
    operation.log(access.controlPlane[0]?.name ?? "cluster", `the API does not answer: ${error.message}`);
    return undefined;
  }
}

async function drainNode(
  operation: Operation,
  { clusterId, host }: WorkerRequest,
  client: KubeClient,
): Promise<void> {
  const nodes = await listNodes(client, operation.signal);
  if (nodes.get(host.nodeName)?.annotations[ownerAnnotation] !== clusterId) return;
  const others = [...nodes].filter(([name, node]) => name !== host.nodeName && canHost(node));
  if (others.length === 0) return;
  operation.onIntent({ host: host.name, what: "drain the Node" });
  if (operation.preview) return;
  operation.onPhase?.(host.name, "drain");
  await drain(client, host.nodeName, {
    signal: operation.signal,
    onProgress: (line) => {
      operation.log(host.name, line);
    },
  });
}

async function deleteNode(
  operation: Operation,
  { clusterId, host }: WorkerRequest,
  client: KubeClient,
): Promise<void> {
  const nodes = await listNodes(client, operation.signal);
  if (nodes.get(host.nodeName)?.annotations[ownerAnnotation] !== clusterId) return;
  operation.onIntent({ host: host.name, what: "remove the Node" });
  if (operation.preview) return;
  await clusterApi(client, operation.signal).deleteNode(host.nodeName);
}

async function listNodes(client: KubeClient, signal: AbortSignal): Promise<ReadonlyMap<string, NodeFacts>> {
  const { items } = await client.request<{
    readonly items: readonly (RawNode & { metadata: { name: string } })[];
  }>({
    path: "/api/v1/nodes",
    signal,
  });
  return new Map(items.map((node) => [node.metadata.name, parseNode(node)]));
}

function canHost({ ready, schedulable, taints }: NodeFacts): boolean {
  return ready && schedulable && !taints.some(({ effect }) => effect !== "PreferNoSchedule");
}
