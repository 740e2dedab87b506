import { apiPortOf } from "../clusters/endpoint.ts";
import { KeelsonError } from "../errors.ts";
import { apiServerNames } from "./api-names.ts";
import { clusterApi, openClient } from "./api.ts";
import type { ClusterApi } from "./api.ts";
import { blankFacts } from "./facts/blank.ts";
import { factsRequest, gatherFacts } from "./facts/gather.ts";
import { caHash, mintKubeconfig } from "./identity.ts";
import { judgeBeginning, judgeTarget } from "./judge-target.ts";
import type {
  ApplyControlPlane,
  ControlPlaneState,
  Operation,
  PendingWork,
  ReachableHost,
} from "./operation.ts";
import { listPending } from "./pending.ts";
import type { NodeView } from "./phases/node.ts";
import { controlPlanePlan } from "./plan.ts";
import { runPlan } from "./run-plan.ts";
import type { PlanTarget } from "./run-plan.ts";
import type { ControlPlaneView } from "./view.ts";

type Request = Parameters<ApplyControlPlane>[1];
type View = ControlPlaneView & NodeView;

/**
 * Brings the control plane to the wanted state.
 *
 * @throws ProblemsError if a host must not be touched; KeelsonError KEELSON_NOT_SUPPORTED unless there is one host
 */
export const applyControlPlane: ApplyControlPlane = async (operation, request) => {
  const host = onlyHost(request);
  const minted = await mintKubeconfig(request.identity, request.cluster);
  const client = await openClient(operation, {
    kubeconfig: minted.kubeconfig,
    controlPlane: request.hosts,
    apiPort: apiPortOf(request.cluster.endpoint),
  });
  try {
    const api = clusterApi(client, operation.signal);
    await runPlan(operation, await targetOf(operation, request, { host, api }), controlPlanePlan);
  } finally {
    client.close();
  }
  const state: ControlPlaneState = { ...minted, caCertificate: request.identity.ca.certificate };
  return state;
};

/** What an apply would change now; undefined if the host does not answer. */
export const pendingControlPlane = (operation: Operation, request: Request): Promise<PendingWork> =>
  listPending(operation, (quiet) => applyControlPlane(quiet, request));

function onlyHost({ hosts }: Request): ReachableHost {
  const [host] = hosts;
  if (host === undefined || hosts.length > 1) {
    throw new KeelsonError(
      "KEELSON_NOT_SUPPORTED",
      `Cannot make a control plane of ${String(hosts.length)} hosts: this release supports exactly one`,
    );
  }
  return host;
}

async function targetOf(
  operation: Operation,
  request: Request,
  { host, api }: { host: ReachableHost; api: ClusterApi },
): Promise<PlanTarget<View>> {
  const { cluster, identity } = request;
  const { connection, name } = host;
  const bundle = await operation.bundle(cluster.kubernetes);
  const runner = connection && operation.pool.get(name, connection);
  const ownCa = caHash(identity.ca.certificate);
  const fixed = {
    host,
    cluster,
    clusterId: identity.clusterId,
    caCertificate: identity.ca.certificate,
    identity,
    bundle,
    api,
    apiNames: apiServerNames(cluster, request.hosts),
    peers: Object.fromEntries(request.hosts.map((peer) => [peer.name, peer.nodeAddress])),
  };
  return {
    host: name,
    runner,
    look: async () => {
      if (runner === undefined) return { ...fixed, facts: blankFacts(host), node: undefined };
      const facts = await gatherFacts(runner, factsRequest("controlPlane", bundle), operation.signal);
      // An API server that answers may be another cluster's; the judge says so, in better words than TLS would.
      const { apiReady, caSha256 } = facts.kubernetes;
      const node = apiReady && caSha256 === ownCa ? await api.node(host.nodeName) : undefined;
      return { ...fixed, facts, node };
    },
    judge: (view) => {
      judgeTarget(view, ownCa, judgeBeginning(view, request));
    },
  };
}
