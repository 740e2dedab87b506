import { controlPlaneCountProblem } from "../clusters/define-cluster.ts";
import { apiPortOf } from "../clusters/endpoint.ts";
import { KeelsonError } from "../errors.ts";
import { clusterApi, openClient } from "./api.ts";
import { defragmentAll } from "./etcd/care-for-plane.ts";
import { mintKubeconfig } from "./identity.ts";
import type { ApplyControlPlane, ControlPlaneState, Operation, PendingWork } from "./operation.ts";
import { listPending } from "./pending.ts";
import { openPlane } from "./plane.ts";
import type { ControlPlaneRequest } from "./plane.ts";
import { reconcilePlane } from "./reconcile-plane.ts";

/**
 * Brings the control plane to the wanted state: hosts are prepared side by side, the members of etcd change one by one.
 *
 * @throws ProblemsError if a host must not be touched; KeelsonError KEELSON_NOT_SUPPORTED unless there are 1, 3 or 5
 * hosts, KEELSON_QUORUM_LOST, and KEELSON_HOST_UNREACHABLE at the end if a host was silent
 */
export const applyControlPlane: ApplyControlPlane = async (operation, request) => {
  refuseCount(request);
  const minted = await mintKubeconfig(request.identity, request.cluster);
  const client = await openClient(operation, {
    kubeconfig: minted.kubeconfig,
    controlPlane: request.hosts,
    apiPort: apiPortOf(request.cluster.endpoint),
  });
  try {
    const api = clusterApi(client, operation.signal);
    const left = await reconcilePlane(await openPlane(operation, request, { client, api }));
    const state: ControlPlaneState = { ...minted, caCertificate: request.identity.ca.certificate, left };
    return state;
  } finally {
    client.close();
  }
};

/**
 * Defragments every member of etcd, one by one and the leader last: each is away meanwhile, a large one for a minute.
 *
 * @throws ProblemsError if a host must not be touched
 */
export const defragmentEtcd = async (operation: Operation, request: ControlPlaneRequest): Promise<void> => {
  const client = await openClient(operation, {
    ...(await mintKubeconfig(request.identity, request.cluster)),
    controlPlane: request.hosts,
    apiPort: apiPortOf(request.cluster.endpoint),
  });
  try {
    const api = clusterApi(client, operation.signal);
    await defragmentAll(await openPlane(operation, request, { client, api }));
  } finally {
    client.close();
  }
};

/** What an apply would change now; undefined if a host does not answer. */
export const pendingControlPlane = (
  operation: Operation,
  request: ControlPlaneRequest,
): Promise<PendingWork> =>
  listPending(operation, request.cluster.name, (quiet) => applyControlPlane(quiet, request));

function refuseCount({ hosts, cluster }: ControlPlaneRequest): void {
  const problem = controlPlaneCountProblem(hosts.length);
  if (problem === undefined) return;
  throw new KeelsonError(
    "KEELSON_NOT_SUPPORTED",
    `Cannot make the control plane of cluster "${cluster.name}": ${problem}`,
  );
}
