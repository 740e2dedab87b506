import type { KubeClient } from "./client.ts";

/** A pod as the API returns it, as far as a drain reads it. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly controller?: boolean }[];
  };
  readonly spec?: {
    readonly volumes?: readonly {
      readonly name: string;
      readonly emptyDir?: { readonly medium?: string } | null;
      readonly persistentVolumeClaim?: { readonly claimName: string };
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Lists the pods that a drain has to move away from a node: neither a DaemonSet's, nor static, nor finished. */
export async function podsToMove(
  client: Pick<KubeClient, "request">,
  node: string,
  signal?: AbortSignal,
): Promise<readonly Pod[]> {
  const { items } = await client.request<{ readonly items: readonly Pod[] }>({
    path: "/api/v1/pods",
    query: { fieldSelector: `spec.nodeName=${node}` },
    ...(signal && { signal }),
  });
  return items.filter((pod) => !staysOnNode(pod));
}

/** `shop/web-0`, for messages. */
export function podName({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** The kind of what would make the pod anew elsewhere; undefined if nobody would. */
export function controllerOf({ metadata }: Pod): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.kind;
}

function staysOnNode(pod: Pod): boolean {
  const { metadata, status } = pod;
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return true;
  if (metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined) return true;
  return controllerOf(pod) === "DaemonSet";
}
