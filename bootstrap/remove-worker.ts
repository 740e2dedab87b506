import type { HostFacts } from "../clusters/facts.ts";
import { KeelsonError } from "../errors.ts";
import type { KubeClient } from "../kube/client.ts";
import { drain } from "../kube/drain.ts";
import { nodePath } from "../kube/node-path.ts";
import { clusterApi, openClient } from "./api.ts";
import { describeDrain } from "./describe-drain.ts";
import { poolLabel, withDrainSlot } from "./drain-slots.ts";
import { removalDrainPolicy } from "./removal-drain-policy.ts";
import { parseNode } from "./node-facts.ts";
import type { NodeFacts, RawNode } from "./node-facts.ts";
import { hostAnnotation, ownerAnnotation } from "./node-settings.ts";
import type { Operation, ReachableHost, RemoveWorker, WorkerRequest } from "./operation.ts";
import { lookSoon, resetHost } from "./reset-host.ts";

/** How long a worker waits for others of its pool that leave first. Each of them has a deadline of its own. */
const slotDeadlineMs = 30 * 60 * 1000;

/**
 * Takes a worker out of its cluster: drains it if its pods can go elsewhere, resets the host if it is the cluster's,
 * removes the Node. A dead host or a dead API is no obstacle; whatever answers is tidied. A host that is declared under
 * another name by now is that one's, and is left alone.
 *
 * @throws ProblemsError with every pod that will not leave; nothing was touched
 */
export const removeWorker: RemoveWorker = async (operation, request) => {
  const { clusterId, host } = request;
  const client = await openLiving(operation, request);
  try {
    const facts = await lookSoon(operation, host);
    const node = await client?.find<RawNode>(nodePath(host.nodeName), { signal: operation.signal });
    if (isTakenOver(request, node, facts)) {
      operation.log(host.name, "the node is declared under another name now, and stays");
      return [];
    }
    if (client) await drainNode(operation, request, { client, facts });
    if (facts) await resetHost(operation, clusterId, host);
    const isGone = client ? await deleteNode(operation, request, { client, facts }) : undefined;
    return [...(facts ? [] : [hostLeft(host)]), ...(isGone === true ? [] : [nodeLeft(host, isGone)])];
  } finally {
    client?.close();
  }
};

function isTakenOver(
  { clusterId, host }: WorkerRequest,
  node: RawNode | undefined,
  facts: HostFacts | undefined,
): boolean {
  const { [ownerAnnotation]: owner, [hostAnnotation]: name = host.name } = node?.metadata.annotations ?? {};
  const token = facts?.owner;
  return (
    (owner === clusterId && name !== host.name) ||
    (token?.clusterId === clusterId && (token.name ?? host.name) !== host.name)
  );
}

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
  const { host, clusterId, maxUnavailable = 1 } = request;
  const { client, facts } = removal;
  const { signal, onIntent } = operation;
  const nodes = await listNodes(client, signal);
  const own = nodes.get(host.nodeName);
  const lives = facts?.kubernetes.kubeletHealthy === true;
  if (!isOwn(request, own, facts) || (!lives && !own.ready)) return;
  const others = [...nodes].filter(([name, node]) => name !== host.nodeName && canHost(node));
  if (others.length === 0) return;
  const policy = removalDrainPolicy(lives, request.drain);
  onIntent({ host: host.name, what: await describeDrain(client, host.nodeName, { policy, signal }) });
  if (operation.preview) return;
  operation.onPhase?.(host.name, "drain");
  const tell = (line: string): void => {
    operation.log(host.name, line);
  };
  const { nodeName, labels } = host;
  await withDrainSlot(
    {
      ...{ clusterId, nodeName, maxUnavailable, signal, onWaiting: tell },
      pool: labels[poolLabel],
      deadlineMs: slotDeadlineMs,
      nodes: () => listNodes(client, signal),
    },
    () => drain(client, nodeName, { ...policy, signal, onProgress: tell }),
  );
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
