import type { WorkerRequest } from "../../../bootstrap/operation.ts";
import type { HeldCluster } from "../../../bootstrap/run-leases.ts";
import type { Cluster } from "../../../clusters/cluster.ts";
import type { DrainPolicy } from "../../../kube/drain-blockers.ts";
import { checkCluster, checkHost, checkHosts } from "../checks.ts";
import { holding } from "../holding.ts";
import {
  type HostInputs,
  type HostRecord,
  accessOf,
  knownCluster,
  knownIdentity,
  previewsStart,
  startedHosts,
  toReachable,
} from "../hosts.ts";
import type { Call, Drifting, Resource } from "../resource.ts";
import { isConnection, isControlPlaneSetting, isHook } from "./cluster-hosts.ts";

export interface WorkerNodeInputs {
  readonly cluster: Cluster;
  /** Unknown, like the two below, in the preview of a new cluster. */
  readonly clusterId?: string;
  readonly caCertificate?: string;
  readonly kubeconfig?: string;
  readonly controlPlane: HostRecord;
  /** The host's logical name. */
  readonly name: string;
  readonly host: HostInputs;
  /** Another number makes the node anew. */
  readonly generation?: number;
  /** What a removal may do to the pods. Taken from the last run in which the worker was declared. */
  readonly drain?: DrainPolicy;
  /** How many workers of the pool may be away at once. */
  readonly maxUnavailable?: number;
}

export type WorkerNodeOutputs = Drifting;

/** How the cluster is reached, and how the node is to leave one day: no difference to what it is. */
const manner = new Set(["kubeconfig", "controlPlane", "caCertificate", "drain", "maxUnavailable"]);

/** One host of a pool as a node of the cluster. */
export const workerNode: Resource<WorkerNodeInputs, WorkerNodeOutputs> = {
  type: "keelson:index:WorkerNode",
  outputs: ["pending"],
  secretOutputs: [],
  refreshBeforeUpdate: true,
  diff: {
    ignores: (parts) =>
      isConnection(parts) || isControlPlaneSetting(parts) || isHook(parts) || manner.has(String(parts[0])),
    replaces: ([head, next]) =>
      head === "clusterId" || head === "generation" || (head === "host" && next === "nodeName"),
  },
  check(inputs) {
    checkCluster(inputs);
    checkHosts(inputs, "controlPlane");
    checkHost(inputs.at("host"));
    for (const key of ["name", "clusterId", "caCertificate", "kubeconfig"]) inputs.text(key);
    inputs.wholeNumber("generation", { min: 0, max: Number.MAX_SAFE_INTEGER }, true);
    inputs.wholeNumber("maxUnavailable", { min: 1, max: 1000 }, true);
    inputs.at("drain").wholeNumber("timeoutSeconds", { min: 1, max: 86_400 }, true);
  },
  id: ({ clusterId = "", host }) => `${clusterId}/${host.nodeName}`,
  async create(call, inputs) {
    if (call.operation.preview && call.standing) {
      const before = call.standing.inputs as WorkerNodeInputs;
      return { outputs: await previewReplacement(call, inputs, before) };
    }
    return { outputs: await apply(call, inputs) };
  },
  update(call, inputs, prior) {
    const started = startedHosts({ [inputs.name]: inputs.host }, { [inputs.name]: prior.inputs.host });
    return previewsStart(call, started) ? Promise.resolve({}) : apply(call, inputs);
  },
  async read(call, { inputs }) {
    const pending = await call.world.bootstrap.pendingWorker(call.operation, await requestOf(call, inputs));
    return pending === undefined ? "silent" : { pending };
  },
  async delete(call, { inputs }) {
    const request = await requestOf(call, inputs);
    const { operation, world } = await holding(call, heldBy(request));
    const left = await world.bootstrap.removeWorker(operation, request);
    for (const line of left) call.warn(line);
  },
};

async function apply(call: Call, inputs: WorkerNodeInputs): Promise<Partial<WorkerNodeOutputs>> {
  const request = await requestOf(call, inputs);
  const { operation, world } = await holding(call, heldBy(request));
  await world.bootstrap.applyWorker(operation, request);
  return { pending: [] };
}

/** Lists how the former node leaves, then what brings up its host, which is reset by then. */
async function previewReplacement(
  call: Call,
  inputs: WorkerNodeInputs,
  before: WorkerNodeInputs,
): Promise<Partial<WorkerNodeOutputs>> {
  const { bootstrap } = call.world;
  for (const line of await bootstrap.removeWorker(call.operation, await requestOf(call, before)))
    call.warn(line);
  const afterReset = before.host.nodeAddress === inputs.host.nodeAddress;
  await bootstrap.applyWorker(call.operation, { ...(await requestOf(call, inputs)), afterReset });
  return { pending: [] };
}

function heldBy({ cluster: { name }, clusterId, access }: WorkerRequest): HeldCluster {
  return { name, clusterId, access };
}

async function requestOf(call: Call, inputs: WorkerNodeInputs): Promise<WorkerRequest> {
  const { cluster, clusterId = "", kubeconfig = "", controlPlane, name, host } = inputs;
  const { caCertificate, drain, maxUnavailable } = inputs;
  const known = knownCluster(cluster);
  return {
    cluster: known,
    clusterId,
    caCertificate: caCertificate ?? (await knownIdentity(call, undefined, cluster.name)).ca.certificate,
    access: accessOf(known, kubeconfig, controlPlane),
    host: toReachable(name, host),
    ...(drain === undefined ? {} : { drain }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
  };
}
