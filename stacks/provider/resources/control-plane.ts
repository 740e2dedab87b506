import { isDeepStrictEqual } from "node:util";
import type { ApplyControlPlane, ReachableHost } from "../../../bootstrap/operation.ts";
import type { HeldCluster } from "../../../bootstrap/run-leases.ts";
import type { Cluster } from "../../../clusters/cluster.ts";
import type { Identity } from "../../../clusters/identity.ts";
import { checkCluster, checkHost, checkHosts } from "../checks.ts";
import { holding } from "../holding.ts";
import {
  type HostRecord,
  accessOf,
  knownCluster,
  knownIdentity,
  previewsStart,
  reachable,
  startedHosts,
} from "../hosts.ts";
import type { Call, Drifting, Prior, Resource } from "../resource.ts";
import { isConnection, isHook } from "./cluster-hosts.ts";

export interface ControlPlaneInputs {
  readonly cluster: Cluster;
  /** Unknown in the preview of a new cluster. */
  readonly clusterId?: string;
  readonly identity?: Identity;
  readonly hosts: HostRecord;
  /** The workers that follow: while a new cluster begins they are prepared as far as they get without it. */
  readonly ahead?: HostRecord;
  /** Lets the cluster begin anew although it was up before. */
  readonly allowNewCluster?: boolean;
}

export interface ControlPlaneOutputs extends Drifting {
  readonly kubeconfig: string;
  readonly caCertificate: string;
  /** When the admin certificate ends, ISO 8601. */
  readonly expires: string;
}

/** How the control plane comes up: no difference to what it is. */
const manner = new Set(["identity", "allowNewCluster", "ahead"]);
const renewBeforeMs = 60 * 24 * 60 * 60 * 1000;

/** All control-plane hosts of a cluster, as one. */
export const controlPlane: Resource<ControlPlaneInputs, ControlPlaneOutputs> = {
  type: "keelson:index:ControlPlane",
  outputs: ["kubeconfig", "caCertificate", "expires", "pending"],
  secretOutputs: ["kubeconfig"],
  refreshBeforeUpdate: true,
  diff: {
    ignores: (parts) => isConnection(parts) || isHook(parts) || manner.has(String(parts[0])),
    replaces: (parts) => parts[0] === "clusterId",
  },
  check(inputs) {
    checkCluster(inputs);
    checkHosts(inputs, "hosts");
    inputs.record("ahead", checkHost, true);
    inputs.text("clusterId");
    inputs.record("identity", () => undefined);
  },
  id: ({ clusterId = "" }) => clusterId,
  async create(call, inputs) {
    return { outputs: await apply(call, inputs, { exists: false, removed: [] }) };
  },
  async update(call, inputs, prior) {
    if (previewsStart(call, startedHosts(inputs.hosts, prior.inputs.hosts))) return {};
    const { kubeconfig } = prior.outputs;
    const held = kubeconfig === undefined ? call : await holding(call, heldBy(inputs, kubeconfig));
    const changed = await apply(held, inputs, {
      exists: kubeconfig !== undefined,
      removed: removedHosts(inputs, prior),
    });
    return keepsAccess(inputs, prior) ? { pending: [] } : changed;
  },
  async read(call, prior) {
    const { inputs, outputs } = prior;
    const request = { ...(await requestOf(call, inputs)), removed: removedHosts(inputs, prior) };
    const found = await call.world.bootstrap.pendingControlPlane(call.operation, request);
    if (found === undefined) return "silent";
    return { pending: [...found, ...renewal(inputs.cluster.name, outputs.expires)] };
  },
  // The hosts are reset by ClusterHosts, which is deleted after everything that stands on it.
  delete: () => Promise.resolve(),
};

function heldBy({ cluster, clusterId = "", hosts }: ControlPlaneInputs, kubeconfig: string): HeldCluster {
  const known = knownCluster(cluster);
  return { name: known.name, clusterId, access: accessOf(known, kubeconfig, hosts) };
}

/** Whether the admin access of before still opens this cluster: then nothing downstream has to change. */
function keepsAccess(
  { cluster }: ControlPlaneInputs,
  { inputs, outputs }: Prior<ControlPlaneInputs, ControlPlaneOutputs>,
): boolean {
  const isSame =
    isDeepStrictEqual(cluster.endpoint, inputs.cluster.endpoint) && cluster.name === inputs.cluster.name;
  return isSame && outputs.kubeconfig !== undefined && renewal(cluster.name, outputs.expires).length === 0;
}

/** Hosts that an earlier run declared, finished or not, and that are not declared now: a new address is a new host. */
function removedHosts(
  { hosts }: ControlPlaneInputs,
  { inputs, settled = inputs }: Prior<ControlPlaneInputs, ControlPlaneOutputs>,
): readonly ReachableHost[] {
  const addresses = new Set(Object.values(hosts).map(({ nodeAddress }) => nodeAddress));
  const before = [...reachable(settled.hosts), ...reachable(inputs.hosts)];
  const gone = before.filter(({ nodeAddress }) => !addresses.has(nodeAddress));
  return [...new Map(gone.map((host) => [host.nodeAddress, host])).values()];
}

async function apply(
  call: Call,
  inputs: ControlPlaneInputs,
  before: Pick<Parameters<ApplyControlPlane>[1], "exists" | "removed">,
): Promise<Partial<ControlPlaneOutputs>> {
  const { operation, world } = call;
  const request = { ...(await requestOf(call, inputs)), ...before };
  const state = await world.bootstrap.applyControlPlane(operation, request);
  if (operation.preview) return {};
  for (const line of state.left ?? []) call.warn(line);
  const { kubeconfig, caCertificate, expires } = state;
  return { kubeconfig, caCertificate, expires, pending: [] };
}

async function requestOf(
  call: Call,
  { cluster, identity, hosts, allowNewCluster, ahead = {} }: ControlPlaneInputs,
): Promise<Parameters<ApplyControlPlane>[1]> {
  return {
    cluster: knownCluster(cluster),
    identity: await knownIdentity(call, identity, cluster.name),
    hosts: reachable(hosts),
    ahead: reachable(ahead),
    ...(allowNewCluster === undefined ? {} : { allowNewCluster }),
  };
}

function renewal(host: string, expires: string | undefined): Drifting["pending"] {
  if (expires !== undefined && Date.parse(expires) - Date.now() > renewBeforeMs) return [];
  return [{ host, what: "renew the admin kubeconfig" }];
}
