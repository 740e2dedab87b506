import { clusterApi, openClient } from "./api.ts";
import type { ClusterApi } from "./api.ts";
import { afterReset as factsAfterReset } from "./facts/after-reset.ts";
import { blankFacts } from "./facts/blank.ts";
import { factsRequest, gatherFacts } from "./facts/gather.ts";
import { caHash } from "./identity.ts";
import { judgeTarget } from "./judge-target.ts";
import { nodePatch } from "./node-settings.ts";
import type { ApplyWorker, Operation, PendingWork, WorkerRequest } from "./operation.ts";
import { listPending } from "./pending.ts";
import type { NodeView } from "./phases/node.ts";
import { workerJoinPlan, workerPlan, workerPreparationPlan } from "./plan.ts";
import { runPlan } from "./run-plan.ts";
import type { PlanTarget } from "./run-plan.ts";

/**
 * Brings one worker to Ready. Touches this host and the API alone.
 *
 * @throws ProblemsError if the host must not be touched
 */
export const applyWorker: ApplyWorker = (operation, request) =>
  withApi(operation, request, async (api) => {
    await runPlan(operation, await targetOf(operation, request, api), workerPlan);
  });

/**
 * Takes a worker's host as far as it gets without a cluster, so that it can join at once when there is one.
 *
 * @throws ProblemsError if the host must not be touched
 */
export async function prepareWorker(
  operation: Operation,
  request: Omit<WorkerRequest, "access">,
): Promise<void> {
  await runPlan(operation, await targetOf(operation, request, undefined), workerPreparationPlan);
}

/**
 * What an apply would change now. A Node that is Ready and as wanted, and whose kubelet answers the API server, answers
 * for its host: no login.
 */
export const pendingWorker = (operation: Operation, request: WorkerRequest): Promise<PendingWork> =>
  listPending(operation, request.host.name, (quiet) =>
    withApi(quiet, request, async (api) => {
      if (await isAsWanted(request, api)) return;
      await runPlan(quiet, await targetOf(quiet, request, api), workerPlan);
    }),
  );

/**
 * Lets a worker join without waiting until its Node is Ready.
 *
 * @throws ProblemsError if the host must not be touched
 */
export async function joinWorker(
  operation: Operation,
  request: Omit<WorkerRequest, "access">,
  api: ClusterApi,
): Promise<void> {
  await runPlan(operation, await targetOf(operation, request, api), workerJoinPlan);
}

async function isAsWanted(
  { host, cluster, clusterId }: WorkerRequest,
  api: ClusterApi | undefined,
): Promise<boolean> {
  const [node, kubelet] = await Promise.all([api?.node(host.nodeName), api?.kubeletConfig(host.nodeName)]);
  return (
    kubelet !== undefined &&
    node?.ready === true &&
    node.kubeletVersion === cluster.kubernetes &&
    // The API does not tell what a kubelet was started with, and nothing of files and hooks: the host does.
    host.kubelet === undefined &&
    host.files === undefined &&
    host.hooks === undefined &&
    nodePatch(host, clusterId, node) === undefined
  );
}

/** In the preview of a new cluster there is no kubeconfig yet, and nobody to ask. */
async function withApi<Result>(
  operation: Operation,
  { access }: WorkerRequest,
  work: (api: ClusterApi | undefined) => Promise<Result>,
): Promise<Result> {
  if (access.kubeconfig === "") return work(undefined);
  const client = await openClient(operation, access);
  try {
    return await work(clusterApi(client, operation.signal));
  } finally {
    client.close();
  }
}

async function targetOf(
  operation: Operation,
  {
    cluster,
    clusterId,
    caCertificate,
    host,
    maxUnavailable = 1,
    afterReset = false,
  }: Omit<WorkerRequest, "access">,
  api: ClusterApi | undefined,
): Promise<PlanTarget<NodeView>> {
  const { connection, name } = host;
  const bundle = await operation.bundle(cluster.kubernetes);
  const runner = connection && operation.pool.get(name, connection);
  const request = { ...factsRequest("worker", bundle), hostFiles: Object.keys(host.files ?? {}) };
  const fixed = { host, cluster, clusterId, caCertificate, bundle, api, maxUnavailable };
  return {
    host: name,
    runner,
    look: async () => {
      const [facts, node] = await Promise.all([
        runner ? gatherFacts(runner, request, operation.signal) : blankFacts(host),
        api?.node(host.nodeName),
      ]);
      if (afterReset && operation.preview)
        return { ...fixed, facts: factsAfterReset(facts), node: undefined };
      return { ...fixed, facts, node };
    },
    lookAtNode: async (view) => ({ ...view, node: await api?.node(host.nodeName) }),
    judge: (view) => {
      judgeTarget(view, caHash(caCertificate));
    },
  };
}
