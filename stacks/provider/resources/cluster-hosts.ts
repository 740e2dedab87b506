import { isDeepStrictEqual } from "node:util";
import type { Cluster } from "../../../clusters/cluster.ts";
import type { Identity } from "../../../clusters/identity.ts";
import type { HostFacts } from "../../../clusters/facts.ts";
import { type Problem, ProblemsError } from "../../../errors.ts";
import type { Change } from "../changes.ts";
import { checkCluster, checkHosts } from "../checks.ts";
import { type HostRecord, knownCluster, reachable, startedHosts } from "../hosts.ts";
import { heldUntilItsEnd, type Leaving, previewLeavers } from "../leavers.ts";
import type { Call, Prior, Resource } from "../resource.ts";

export interface ClusterHostsInputs {
  readonly cluster: Cluster;
  /** Unknown in the preview of a new cluster. */
  readonly clusterId?: string;
  readonly caCertificate?: string;
  readonly hosts: HostRecord;
  /** True if the hosts are destroyed together with the cluster, so that nobody needs them clean. */
  readonly disposable?: boolean;
  /** Opens the API, to tell what a removal would move and to hold the cluster while it ends. @default - the API is not asked */
  readonly identity?: Identity;
  /** How workers leave, by name. @default {} */
  readonly leaving?: Readonly<Record<string, Leaving>>;
}

export interface ClusterHostsOutputs {
  /** What every host was when this resource last read it. */
  readonly facts: Readonly<Record<string, HostFacts>>;
}

/** What a host's node is changed by, and not its preflight. */
const ownOfNodes = new Set<unknown>(["labels", "taints", "kubelet", "files", "starts"]);

/** How the hosts are let go one day: no difference to what they are. */
const manner = new Set<unknown>(["caCertificate", "disposable", "identity", "leaving"]);

/** The preflight of a cluster: all problems of all its hosts in one error; and its end: it resets them all. */
export const clusterHosts: Resource<ClusterHostsInputs, ClusterHostsOutputs> = {
  type: "keelson:index:ClusterHosts",
  outputs: ["facts"],
  secretOutputs: [],
  refreshBeforeUpdate: false,
  diff: {
    ignores: (parts) =>
      isConnection(parts) ||
      isControlPlaneSetting(parts) ||
      isHook(parts) ||
      ownOfNodes.has(hostField(parts)) ||
      manner.has(parts[0]),
    replaces: (parts) => parts[0] === "clusterId",
  },
  check(inputs) {
    checkCluster(inputs);
    checkHosts(inputs, "hosts");
    inputs.text("clusterId");
    inputs.record("identity", () => undefined, true);
    inputs.record("leaving", () => undefined, true);
  },
  id: ({ clusterId = "" }) => clusterId,
  async create(call, inputs) {
    return { outputs: { facts: await inspect(call, inputs, Object.keys(inputs.hosts), {}) } };
  },
  async update(call, inputs, prior) {
    refuseRenames(inputs, prior.inputs);
    const recorded = prior.outputs.facts ?? {};
    const facts = await inspect(call, inputs, hostsToRead(call, inputs, prior), recorded);
    if (call.operation.preview) await previewLeavers(call, inputs, prior.inputs);
    const known = Object.entries({ ...recorded, ...facts }).filter(([name]) => name in inputs.hosts);
    return { facts: Object.fromEntries(known) };
  },
  read: () => Promise.resolve("silent"),
  async delete(call, { inputs }) {
    const { clusterId, hosts, disposable } = inputs;
    if (disposable === true || clusterId === undefined) return;
    const { operation, world, warn } = await heldUntilItsEnd(call, inputs);
    const { silent } = await world.bootstrap.resetHosts(operation, { clusterId, hosts: reachable(hosts) });
    if (silent.length === 0) return;
    const names = silent.join(", ");
    warn(
      `These hosts do not answer and were not reset: ${names}. They still hold the cluster's files: install them anew`,
    );
  },
};

/**
 * A worker knows its declared name and stays when only that changes. A control-plane host does not.
 *
 * @throws ProblemsError with every host that was renamed
 */
function refuseRenames({ cluster, hosts }: ClusterHostsInputs, before: ClusterHostsInputs): void {
  const gone = Object.entries(before.hosts).filter(([name]) => !(name in hosts));
  const problems = Object.entries(hosts).flatMap(([where, { nodeName }]): Problem[] => {
    const [former] = gone.find(([, host]) => host.nodeName === nodeName) ?? [];
    if (former === undefined || where in before.hosts || hosts[where]?.role === "worker") return [];
    const message = `is node "${nodeName}" under the name "${former}" already, and must leave it first`;
    const fix = `Keep the name "${former}", or remove the host in one run and add it in the next`;
    return [{ code: "KEELSON_HOST_OWNED", where, message, fix }];
  });
  if (problems.length > 0) throw new ProblemsError(`use the hosts of cluster "${cluster.name}"`, problems);
}

/** Tells a host's way of being reached from what it is. */
export function isConnection(parts: Change["parts"]): boolean {
  const field = hostField(parts);
  return field === "connection" || field === "mirror";
}

/** Tells what only accompanies changes of a host, `hosts.cp1.hooks` for example: by itself it changes nothing. */
export function isHook(parts: Change["parts"]): boolean {
  return hostField(parts) === "hooks";
}

/** The field of a host in which a change is, `hosts.cp1.labels.zone` for example; names of hosts are anybody's. */
function hostField([head, next, field]: Change["parts"]): unknown {
  if (head === "host") return next;
  return head === "hosts" || head === "controlPlane" ? field : undefined;
}

/** Tells what only the control plane itself is changed by. */
export function isControlPlaneSetting([head, next]: Change["parts"]): boolean {
  return head === "cluster" && next === "controlPlane";
}

/**
 * The hosts that this run adds or changes; all of them if the cluster itself changes. One whose machine the run starts
 * cannot be read in a preview: what was recorded of it counts.
 */
function hostsToRead(
  { operation }: Call,
  { cluster, hosts }: ClusterHostsInputs,
  { inputs, outputs }: Prior<ClusterHostsInputs, ClusterHostsOutputs>,
): string[] {
  const started = operation.preview ? startedHosts(hosts, inputs.hosts) : [];
  if (!isDeepStrictEqual(cluster, inputs.cluster)) {
    return Object.keys(hosts).filter((name) => !started.includes(name));
  }
  return Object.entries(hosts).flatMap(([name, host]) => {
    const before = inputs.hosts[name];
    const isSame = isDeepStrictEqual(identityOf(host), before && identityOf(before));
    return isSame && outputs.facts?.[name] !== undefined ? [] : [name];
  });
}

function identityOf({ role, nodeName, nodeAddress }: HostRecord[string]): unknown {
  return { role, nodeName, nodeAddress };
}

async function inspect(
  { operation, world }: Call,
  inputs: ClusterHostsInputs,
  names: readonly string[],
  recorded: Readonly<Record<string, HostFacts>>,
): Promise<Readonly<Record<string, HostFacts>>> {
  if (names.length === 0) return {};
  const known = Object.entries(recorded).filter(([name]) => name in inputs.hosts && !names.includes(name));
  const declared = reachable(inputs.hosts);
  return world.bootstrap.inspectHosts(operation, {
    cluster: knownCluster(inputs.cluster),
    identity: { clusterId: inputs.clusterId ?? "", caCertificate: inputs.caCertificate ?? "" },
    hosts: declared.filter(({ name }) => names.includes(name)),
    declared,
    known: Object.fromEntries(known),
  });
}
