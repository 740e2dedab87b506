import type { HostFacts } from "../clusters/facts.ts";
import { KeelsonError } from "../errors.ts";
import type { KubeClient } from "../kube/client.ts";
import { drain } from "../kube/drain.ts";
import { clusterApi, openClient } from "./api.ts";
import { parseNode } from "./node-facts.ts";
import type { NodeFacts, RawNode } from "./node-facts.ts";
import { ownerAnnotation } from "./node-settings.ts";
import type { Operation, ReachableHost, RemoveWorker, WorkerRequest } from "./operation.ts";
import { lookSoon, resetHost } from "./reset-host.ts";

/** A host that is silent to SSH may still run its pods; one that is dead is noticed by the API only after a while. */
const silentDrainMs = 20_000;

/**
 * Takes a worker out of its cluster: drains it if its pods can go elsewhere, resets the host if it is the cluster's,
 * removes the Node. A dead host or a dead API is no obstacle; whatever answers is tidied.
 */
export const removeWorker: RemoveWorker = async (operation, request) => {
  const { clusterId, host } = request;
  const client = await openLiving(operation, request);
  try {
    const facts = await lookSoon(operation, host);
    if (client) await drainNode(operation, request, { client, facts });
    if (facts) await resetHost(operation, clusterId, host);
    const isGone = client ? await deleteNode(operation, request, { client, facts }) : undefined;
    return [...(facts ? [] : [hostLeft(host)]), ...(isGone === true ? [] : [nodeLeft(host, isGone)])];
  } finally {
    client?.close();
  }
};

function hostLeft({ name }: ReachableHost): string {
  return `Host ${name} does not answer and was not reset: it still holds the cluster's credentials, and its kubelet would register the Node again. Install it anew before it comes back`;
}

function nodeLeft({ nodeName }: ReachableHost, isGone: false | undefined): string {
  const remedy = `"kubectl delete node ${nodeName}"`;
  return isGone === false
    ? `Node "${nodeName}" was not removed: it does not carry the cluster's mark. If it is this host's, remove it with ${remedy}`
    : `Node "${nodeName}" was not removed, for the API does not answer: when the cluster is back, remove it with ${remedy}`;
}

/** What a removal works with. The facts are missing if the host is silent. */
interface Removal {
  readonly client: KubeClient;
  readonly facts: HostFacts | undefined;
}

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

async function drainNode(operation: Operation, request: WorkerRequest, removal: Removal): Promise<void> {
  const { host } = request;
  const { client, facts } = removal;
  const nodes = await listNodes(client, operation.signal);
  const own = nodes.get(host.nodeName);
  if (!isOwn(request, own, facts) || (facts === undefined && !own.ready)) return;
  const others = [...nodes].filter(([name, node]) => name !== host.nodeName && canHost(node));
  if (others.length === 0) return;
  operation.onIntent({ host: host.name, what: "drain the Node" });
  if (operation.preview) return;
  operation.onPhase?.(host.name, "drain");
  const onProgress = (line: string): void => {
    operation.log(host.name, line);
  };
  const deadline = facts ? {} : { deadlineMs: silentDrainMs };
  const drained = drain(client, host.nodeName, { signal: operation.signal, onProgress, ...deadline });
  await (facts ? drained : drained.catch(ignoreTimeout));
}

/** A Node is the worker's if it says so, or if it says nothing yet and the host was cut off while it joined. */
function isOwn(
  { clusterId, host }: WorkerRequest,
  node: NodeFacts | undefined,
  facts: HostFacts | undefined,
): node is NodeFacts {
  const owner = node?.annotations[ownerAnnotation];
  if (node === undefined || owner !== undefined) return owner === clusterId;
  return (
    facts?.owner?.clusterId === clusterId &&
    facts.owner.nodeName === host.nodeName &&
    facts.kubernetes.kubeletConf
  );
}

/** Pods of a dead host never say that they ended: they go with their Node. */
function ignoreTimeout(error: unknown): void {
  if (!KeelsonError.is(error) || error.code !== "KEELSON_TIMEOUT") throw error;
}

/** Resolves with whether the Node is gone. */
async function deleteNode(
  operation: Operation,
  request: WorkerRequest,
  { client, facts }: Removal,
): Promise<boolean> {
  const { name, nodeName } = request.host;
  const api = clusterApi(client, operation.signal);
  const node = await api.node(nodeName);
  if (node === undefined) return true;
  if (!isOwn(request, node, facts)) return false;
  operation.onIntent({ host: name, what: "remove the Node" });
  if (!operation.preview) await api.deleteNode(nodeName);
  return true;
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
