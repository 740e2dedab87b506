import type { ClusterHost } from "../clusters/cluster.ts";
import type { HostFacts } from "../clusters/facts.ts";
import { KeelsonError } from "../errors.ts";
import type { KubeClient } from "../kube/client.ts";
import { parallel } from "../remote/parallel.ts";
import type { Runner } from "../remote/runner.ts";
import { apiServerNames } from "./api-names.ts";
import type { ClusterApi } from "./api.ts";
import { chooseBeginning } from "./choose-beginning.ts";
import type { Candidate } from "./choose-beginning.ts";
import { listMembers } from "./etcd/etcdctl.ts";
import type { Seat } from "./etcd/membership.ts";
import { blankFacts } from "./facts/blank.ts";
import { factsRequest, gatherFacts } from "./facts/gather.ts";
import { withHostLock } from "./host-lock.ts";
import { caHash } from "./identity.ts";
import { judgeTarget } from "./judge-target.ts";
import { settleLeftovers } from "./leftovers.ts";
import type { ApplyControlPlane, Operation, ReachableHost } from "./operation.ts";
import type { NodeView } from "./phases/node.ts";
import type { PlanTarget } from "./run-plan.ts";
import { heldState } from "./seat-state.ts";
import type { ControlPlaneView } from "./view.ts";

export type ControlPlaneRequest = Parameters<ApplyControlPlane>[1];
export type PlaneView = ControlPlaneView & NodeView;

/** A control plane as it was found: all declared hosts, and whether there is a cluster already. */
export interface Plane {
  readonly operation: Operation;
  readonly request: ControlPlaneRequest;
  readonly client: KubeClient;
  readonly api: ClusterApi;
  readonly hosts: readonly PlaneHost[];
  /** The host on which the cluster is to be made; undefined if there is one. */
  readonly begin: string | undefined;
  /** Whether some API server of the cluster answered. */
  readonly answers: boolean;
}

export interface PlaneHost {
  readonly host: ReachableHost;
  readonly runner: Runner | undefined;
  readonly target: PlanTarget<PlaneView>;
  /** What was found on the host; undefined if it is silent. */
  readonly view: PlaneView | undefined;
  /** Why there is no view. */
  readonly silence: unknown;
}

/** How a plane's cluster and hosts are asked. */
export interface PlaneAccess {
  readonly client: KubeClient;
  readonly api: ClusterApi;
  /** Reads one host. @default - over its connection */
  readonly look?: typeof lookAtHost;
}

/**
 * Looks at all declared hosts in parallel and judges them, one by one and together. Changes nothing.
 *
 * @throws ProblemsError if a host must not be touched, or a cluster may exist; KEELSON_HOST_UNREACHABLE if all are silent
 */
export async function openPlane(
  operation: Operation,
  request: ControlPlaneRequest,
  { client, api, look = lookAtHost }: PlaneAccess,
): Promise<Plane> {
  const seen = await lookAtAll(operation, request, look);
  if (seen.every(({ facts }) => facts === undefined)) throw seen[0]?.silence;
  const ownCa = caHash(request.identity.ca.certificate);
  // An API server that answers may be another cluster's; the judge says so, in better words than TLS would.
  const answers = seen.some(
    ({ facts }) => facts?.kubernetes.apiReady === true && facts.kubernetes.caSha256 === ownCa,
  );
  const hosts = await Promise.all(
    seen.map((found) => toPlaneHost({ operation, request, api, look, answers, ownCa }, found)),
  );
  for (const { target, view } of hosts) if (view) target.judge(view);
  const candidates = await candidatesOf(operation, request, seen);
  return { operation, request, client, api, hosts, answers, begin: chooseBeginning(request, candidates) };
}

/** The declared hosts, as far as membership goes. */
export function seatsOf({ hosts, request, begin }: Plane): readonly Seat[] {
  return hosts.map(({ host: { name, nodeName, nodeAddress }, view }) => {
    const state = view === undefined ? "silent" : heldState(view.facts, request.identity.clusterId);
    return { name, nodeName, address: nodeAddress, state: name === begin ? "whole" : state };
  });
}

interface Found {
  readonly host: ReachableHost;
  readonly facts: HostFacts | undefined;
  readonly silence: unknown;
}

function lookAtAll(
  operation: Operation,
  { hosts, cluster }: ControlPlaneRequest,
  look: typeof lookAtHost,
): Promise<readonly Found[]> {
  const options = { what: "read the control-plane hosts", where: nameOf, signal: operation.signal };
  return parallel(hosts, options, async (host): Promise<Found> => {
    try {
      return {
        host,
        facts: await settledFacts(operation, host, () => look(operation, host, cluster.kubernetes)),
        silence: undefined,
      };
    } catch (error) {
      if (!KeelsonError.is(error) || error.code !== "KEELSON_HOST_UNREACHABLE") throw error;
      return { host, facts: undefined, silence: error };
    }
  });
}

/** Only where no host holds the whole is etcd asked who votes. */
function candidatesOf(
  operation: Operation,
  request: ControlPlaneRequest,
  seen: readonly Found[],
): Promise<readonly Candidate[]> {
  const { clusterId } = request.identity;
  const isLed = seen.some(({ facts }) => facts !== undefined && heldState(facts, clusterId) === "whole");
  return Promise.all(
    seen.map(async (found) => ({
      name: found.host.name,
      facts: found.facts,
      votes: !isLed && (await votesUnfinished(operation, request, found)),
    })),
  );
}

/** Where a join was cut off, etcd itself says whether the host votes. */
async function votesUnfinished(
  operation: Operation,
  { identity }: ControlPlaneRequest,
  { host, facts }: Found,
): Promise<boolean> {
  const runner = runnerOf(operation, host);
  const isPartial = facts?.kubernetes.etcdData === true && heldState(facts, identity.clusterId) === "partial";
  if (!isPartial || runner === undefined) return false;
  const list = await listMembers(runner, operation.signal);
  const own = list?.members.find(({ address }) => address === host.nodeAddress);
  return list?.isConfirmed === true && own?.isLearner === false;
}

/** What a killed run left running may still change what the host holds: it comes to its end first. */
async function settledFacts(
  operation: Operation,
  host: ReachableHost,
  look: () => Promise<HostFacts>,
): Promise<HostFacts> {
  const facts = await look();
  const runner = runnerOf(operation, host);
  if (runner === undefined || operation.preview || facts.running.length === 0) return facts;
  await withHostLock(runner, operation.signal, () => settleLeftovers(runner, facts, operation));
  return look();
}

async function lookAtHost(operation: Operation, host: ReachableHost, kubernetes: string): Promise<HostFacts> {
  const runner = runnerOf(operation, host);
  if (runner === undefined) return blankFacts(host);
  const wanted = factsRequest("controlPlane", await operation.bundle(kubernetes));
  const hostFiles = Object.keys(host.files ?? {});
  return gatherFacts(runner, { ...wanted, hostFiles }, operation.signal);
}

interface Looking extends Required<Pick<PlaneAccess, "api" | "look">> {
  readonly operation: Operation;
  readonly request: ControlPlaneRequest;
  readonly answers: boolean;
  readonly ownCa: string;
}

async function toPlaneHost(looking: Looking, { host, facts, silence }: Found): Promise<PlaneHost> {
  const { operation, request, api, answers, ownCa } = looking;
  const { cluster, identity } = request;
  const fixed = {
    host,
    cluster,
    clusterId: identity.clusterId,
    caCertificate: identity.ca.certificate,
    identity,
    bundle: await operation.bundle(cluster.kubernetes),
    api,
    apiNames: apiServerNames(cluster, request.hosts),
    peers: Object.fromEntries(request.hosts.map((peer) => [peer.name, peer.nodeAddress])),
  };
  const withNode = async (seen: HostFacts): Promise<PlaneView> => {
    const { apiReady, caSha256 } = seen.kubernetes;
    const isServed = answers || (apiReady && caSha256 === ownCa);
    return { ...fixed, facts: seen, node: isServed ? await api.node(host.nodeName) : undefined };
  };
  const runner = runnerOf(operation, host);
  const target: PlanTarget<PlaneView> = {
    host: host.name,
    runner,
    look: async () => withNode(await looking.look(operation, host, cluster.kubernetes)),
    lookAtNode: ({ facts: seen }) => withNode(seen),
    judge: (view) => {
      judgeTarget(view, ownCa);
    },
  };
  return { host, runner, target, view: facts && (await withNode(facts)), silence };
}

function runnerOf({ pool }: Operation, { name, connection }: ReachableHost): Runner | undefined {
  return connection && pool.get(name, connection);
}

function nameOf({ name }: ClusterHost): string {
  return name;
}
