import type { KubeClient } from "./client.ts";
import { nodePath } from "./node-path.ts";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface Node {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface Event {
  readonly message?: string;
  readonly type?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

/** Says in one line why a node is not Ready, as the API sees it: conditions, system pods, the last warning. */
export async function diagnoseNode(client: KubeClient, node: string, signal?: AbortSignal): Promise<string> {
  const found = await client.find<Node>(nodePath(node), {
    ...(signal && { signal }),
  });
  if (found === undefined) return "the kubelet has not registered its Node yet";
  const [pods, warning] = await Promise.all([
    waitingPods(client, node, signal),
    lastWarning(client, node, signal),
  ]);
  return [...badConditions(found), ...pods, ...warning].join("; ") || "nothing is known yet";
}

function badConditions({ status }: Node): string[] {
  return (status?.conditions ?? [])
    .filter((condition) => (condition.type === "Ready") !== (condition.status === "True"))
    .map(
      ({ type, status: value, message, reason }) =>
        `${type} is ${value}: ${message ?? reason ?? "no reason given"}`,
    );
}

async function waitingPods(client: KubeClient, node: string, signal?: AbortSignal): Promise<string[]> {
  const { items } = await client.request<{ readonly items: readonly Pod[] }>({
    path: "/api/v1/namespaces/kube-system/pods",
    query: { fieldSelector: `spec.nodeName=${node}` },
    ...(signal && { signal }),
  });
  return items.flatMap(({ metadata, status }) =>
    [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
      .filter(
        ({ ready, state }) =>
          !ready && state?.waiting !== undefined && state.waiting.reason !== "PodInitializing",
      )
      .map(
        ({ state }) =>
          `pod ${metadata.name} waits: ${state?.waiting?.message ?? state?.waiting?.reason ?? ""}`,
      ),
  );
}

async function lastWarning(client: KubeClient, node: string, signal?: AbortSignal): Promise<string[]> {
  const { items } = await client.request<{ readonly items: readonly Event[] }>({
    path: "/api/v1/events",
    query: { fieldSelector: "type=Warning", limit: "200" },
    ...(signal && { signal }),
  });
  const newest = items
    .filter(({ message }) => message !== undefined && message.includes(node))
    .toSorted((left, right) => timeOf(left).localeCompare(timeOf(right)))
    .at(-1);
  return newest?.message === undefined ? [] : [`last warning: ${newest.message}`];
}

function timeOf({ lastTimestamp, eventTime }: Event): string {
  return lastTimestamp ?? eventTime ?? "";
}
