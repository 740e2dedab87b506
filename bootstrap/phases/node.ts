import { KeelsonError } from "../../errors.ts";
import { quote } from "../../remote/quote.ts";
import { waitFor } from "../../remote/wait.ts";
import type { ClusterApi } from "../api.ts";
import type { NodeFacts } from "../node-facts.ts";
import { nodePatch } from "../node-settings.ts";
import type { ChangeContext, HostView, Phase } from "../view.ts";

/** A view whose phases talk to the cluster's API. */
export interface NodeView extends HostView {
  /** Undefined in the preview of a cluster that does not exist yet. */
  readonly api: ClusterApi | undefined;
  /** How many nodes of the host's pool may be away at once. @default 1 */
  readonly maxUnavailable?: number;
}

/**
 * The API of a view whose changes are made.
 *
 * @throws KeelsonError KEELSON_API_UNAVAILABLE if there is none
 */
export function apiOf({ api, cluster }: NodeView): ClusterApi {
  if (api) return api;
  throw new KeelsonError(
    "KEELSON_API_UNAVAILABLE",
    `Cannot reach cluster "${cluster.name}": no access was given`,
  );
}

/**
 * Waits until the kubelet has registered the Node.
 *
 * @throws KeelsonError KEELSON_TIMEOUT after a minute
 */
export function waitForNode(view: NodeView, signal: AbortSignal): Promise<NodeFacts> {
  return waitFor({
    what: `Node "${view.host.nodeName}" to register`,
    deadlineMs: 60_000,
    longestPauseMs: 500,
    signal,
    probe: () => apiOf(view).node(view.host.nodeName),
  });
}

/** Sets owner, labels and taints on the Node, and takes away those that are wanted no more. */
export const nodeSettings: Phase<NodeView> = {
  title: "node settings",
  isOfNode: nodeTellsAll,
  plan: (view) => {
    const patch = nodePatch(view.host, view.clusterId, registered(view) ?? joining(view));
    if (!patch) return [];
    return [
      {
        intent: `set on the Node: ${patch.summary}`,
        work: async ({ signal }) => {
          const node = await waitForNode(view, signal);
          const fresh = nodePatch(view.host, view.clusterId, node);
          if (fresh) await apiOf(view).patchNode(view.host.nodeName, fresh);
        },
      },
    ];
  },
};

/** The gate of a worker: its Node is Ready; without a pod network of ours, its kubelet is healthy. */
export const nodeReady: Phase<NodeView> = {
  title: "Node ready",
  isOfNode: nodeTellsAll,
  plan: (view) => {
    if (isReady(view, registered(view))) return [];
    return [
      {
        intent: "wait until the Node is Ready",
        work: async (context) => {
          await waitFor({
            what: `Node "${view.host.nodeName}" to be Ready`,
            deadlineMs: 180_000,
            longestPauseMs: 500,
            signal: context.signal,
            probe: async () => isReady(view, await apiOf(view).node(view.host.nodeName)) || undefined,
            diagnose: () => diagnose(view, context),
            onWaiting: context.log,
          });
        },
      },
    ];
  },
};

function isReady({ cluster, facts }: HostView, node: NodeFacts | undefined): boolean {
  if (node === undefined) return false;
  return node.ready || (cluster.network.cni === "none" && facts.kubernetes.kubeletHealthy);
}

/** Where the pod network is somebody else's, the host itself has to say that its kubelet is healthy. */
function nodeTellsAll({ cluster }: HostView): boolean {
  return cluster.network.cni !== "none";
}

/** The host's own Node; that of a host without credentials is another's, and goes when the host joins. */
function registered({ facts, node }: NodeView): NodeFacts | undefined {
  return facts.kubernetes.kubeletConf ? node : undefined;
}

/** A Node that is about to register has the taints of its registration and nothing else of ours. */
function joining({ host }: HostView): NodeFacts {
  return {
    ready: false,
    reason: "",
    schedulable: true,
    labels: {},
    taints: host.role === "worker" ? host.taints : [],
    annotations: {},
    kubeletVersion: "",
  };
}

/** What the API knows of the Node, then what the host knows: its kubelet, its way to the API, its last complaint. */
async function diagnose(view: NodeView, { runner, signal }: ChangeContext): Promise<string> {
  const { host: address, port } = view.cluster.endpoint;
  const endpoint = `${address}:${String(port)}`;
  const [known, { stdout }] = await Promise.all([
    apiOf(view).diagnose(view.host.nodeName),
    runner.run(
      `systemctl is-active -q kubelet || echo "the kubelet is not running"
timeout 3 bash -c ${quote(`</dev/tcp/${address}/${String(port)}`)} 2>/dev/null || echo "the host does not reach "${quote(endpoint)}
journalctl -u kubelet -o cat --no-pager -n 200 | grep -E '^[EF][0-9]' | tail -n 1 | cut -c 1-300`,
      { signal, okCodes: [0, 1] },
    ),
  ]);
  return [known, ...stdout.trim().split("\n")].filter(Boolean).join("; ");
}
