import type { HostFacts } from "../clusters/facts.ts";
import { drain } from "../kube/drain.ts";
import type { Runner } from "../remote/runner.ts";
import { describeDrain } from "./describe-drain.ts";
import { removeMember } from "./etcd/etcdctl.ts";
import type { Leaver } from "./etcd/membership.ts";
import type { EtcdStep } from "./etcd/next-step.ts";
import type { NodeFacts } from "./node-facts.ts";
import { ownerAnnotation } from "./node-settings.ts";
import type { ReachableHost } from "./operation.ts";
import { seatsOf } from "./plane.ts";
import type { Plane } from "./plane.ts";
import { removalDrainPolicy } from "./removal-drain-policy.ts";
import { lookSoon, resetHost } from "./reset-host.ts";

type Leave = Extract<EtcdStep, { kind: "leave" }>;

/**
 * Takes a host out of the control plane: drains its Node while its kubelet still reaches an API, removes its member
 * through a survivor that verifies it, resets the host, removes the Node. A dead host is no obstacle.
 *
 * @returns what could not be tidied, in words
 */
export async function leavePlane(plane: Plane, step: Leave, survivor: Runner): Promise<readonly string[]> {
  const { operation, request, api } = plane;
  const found = await lookAt(plane, step);
  const { name, nodeName } = step.leaver;
  const tell = (what: string): void => {
    operation.onIntent({ host: name, what });
  };
  operation.onPhase?.(name, "leave");
  if (needsDrain(found)) {
    tell(await drainIntent(plane, step, found));
    await drainNode(plane, step, found);
  }
  if (step.member) {
    tell(memberIntent);
    await removeMember(survivor, step.member.id, operation.signal);
  }
  if (found.host && found.facts && found.isOwnHost) {
    await resetHost(operation, request.identity.clusterId, found.host);
  }
  if (found.isOwnNode) {
    tell(nodeIntent);
    await api.deleteNode(nodeName);
  }
  return found.facts || !isKnown(step, found) ? [] : [hostLeft(name)];
}

/** Lists what `leavePlane` would do. */
export async function leaveIntents(plane: Plane, step: Leave): Promise<void> {
  const found = await lookAt(plane, step);
  const intents = [
    ...(needsDrain(found) ? [await drainIntent(plane, step, found)] : []),
    ...(step.member ? [memberIntent] : []),
    ...(found.facts && found.isOwnHost ? ["reset the host"] : []),
    ...(found.isOwnNode ? [nodeIntent] : []),
  ];
  for (const what of intents) plane.operation.onIntent({ host: step.leaver.name, what });
}

const memberIntent = "remove its member from etcd";
const nodeIntent = "remove the Node";

interface Found {
  /** Undefined for a member that nobody declared in a run that is known. */
  readonly host: ReachableHost | undefined;
  /** Undefined if the host is silent. */
  readonly facts: HostFacts | undefined;
  readonly node: NodeFacts | undefined;
  readonly isOwnHost: boolean;
  readonly isOwnNode: boolean;
}

async function lookAt(plane: Plane, { leaver, member }: Leave): Promise<Found> {
  const { operation, request, api } = plane;
  const host = request.removed?.find(({ nodeAddress }) => nodeAddress === leaver.address);
  const [facts, node] = await Promise.all([
    host && lookSoon(operation, host),
    hasNode(plane, leaver) ? api.node(leaver.nodeName) : undefined,
  ]);
  const { clusterId } = request.identity;
  const isOwnHost = holdsLeaver(facts, leaver, clusterId);
  // Until it is marked, a Node is known by its member, or by the host that it runs on.
  const unmarked = member || isOwnHost ? clusterId : "";
  const isOwnNode = node !== undefined && (node.annotations[ownerAnnotation] ?? unmarked) === clusterId;
  return { host, facts, node, isOwnHost, isOwnNode };
}

/** A declared host may bear the name by now: then the Node is that one's. */
function hasNode(plane: Plane, { nodeName }: Leaver): boolean {
  const isTaken = seatsOf(plane).some(
    (seat) => seat.nodeName === nodeName && (seat.state === "whole" || seat.state === "silent"),
  );
  return nodeName !== "" && !isTaken;
}

/** A host that has become something else since, of this cluster or another, is left alone. */
function holdsLeaver(facts: HostFacts | undefined, { nodeName }: Leaver, clusterId: string): boolean {
  const owner = facts?.owner;
  return owner?.clusterId === clusterId && owner.role === "controlPlane" && owner.nodeName === nodeName;
}

function needsDrain(found: Found): boolean {
  return found.isOwnNode && (hasKubelet(found) || found.node?.ready === true);
}

async function drainNode({ client, operation }: Plane, { leaver }: Leave, found: Found): Promise<void> {
  const onProgress = (line: string): void => {
    operation.log(leaver.name, line);
  };
  await drain(client, leaver.nodeName, {
    ...removalDrainPolicy(hasKubelet(found)),
    signal: operation.signal,
    onProgress,
  });
}

function drainIntent({ client, operation }: Plane, { leaver }: Leave, found: Found): Promise<string> {
  return describeDrain(client, leaver.nodeName, {
    policy: removalDrainPolicy(hasKubelet(found)),
    signal: operation.signal,
  });
}

function hasKubelet({ facts }: Found): boolean {
  return facts?.kubernetes.kubeletHealthy === true;
}

/** A host that left in an earlier run, and of which nothing is there any more, is not worth a word. */
function isKnown({ member }: Leave, { isOwnNode }: Found): boolean {
  return member !== undefined || isOwnNode;
}

function hostLeft(name: string): string {
  return `Host ${name} does not answer and was not reset: it still holds the cluster's keys and data of etcd. Install it anew before it comes back`;
}
