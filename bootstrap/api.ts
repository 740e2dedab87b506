import { randomBytes } from "node:crypto";
import { defaultApiPort } from "../clusters/endpoint.ts";
import { KeelsonError } from "../errors.ts";
import { kubeClient } from "../kube/client.ts";
import type { KubeClient } from "../kube/client.ts";
import { hasStatus } from "../kube/errors.ts";
import { diagnoseNode } from "../kube/node-diagnosis.ts";
import { constantApiName } from "./api-names.ts";
import { nodePath } from "../kube/node-path.ts";
import type { ClusterAccess, Operation } from "./operation.ts";
import type { NodeFacts, RawNode } from "./node-facts.ts";
import { parseNode } from "./node-facts.ts";
import type { NodePatch } from "./node-settings.ts";

/** What bootstrap asks of a cluster's API. */
export interface ClusterApi {
  /** Undefined if there is no such Node. */
  node(name: string): Promise<NodeFacts | undefined>;
  /** What the Node's kubelet runs with, asked through the API server; undefined if the kubelet does not answer. */
  kubeletConfig(name: string): Promise<KubeletConfig | undefined>;
  /** No error if it is gone. */
  deleteNode(name: string): Promise<void>;
  patchNode(name: string, patch: NodePatch): Promise<void>;
  /** A token with which one kubelet may ask for its certificate, good for 15 minutes or until it is revoked. */
  mintJoinToken(nodeName: string): Promise<{ readonly token: string; readonly revoke: () => Promise<void> }>;
  /** Why a Node is not Ready, as the API sees it, in one line. */
  diagnose(name: string): Promise<string>;
}

/** A KubeletConfiguration, with every default. */
export type KubeletConfig = Readonly<Record<string, unknown>>;

/** A kubelet that lives answers at once; one whose host is off does so never. */
const kubeletPatienceMs = 8000;
const tokenLifeMs = 15 * 60 * 1000;
const tokenFolder = "/api/v1/namespaces/kube-system/secrets";

/**
 * Opens a client for the cluster: to the API server of whichever control-plane host lives, through its SSH connection.
 * The endpoint plays no part, so that it may move, or not be there yet. Close it.
 */
export function openClient(
  { pool }: Pick<Operation, "pool">,
  { kubeconfig, controlPlane, apiPort = defaultApiPort }: ClusterAccess,
): Promise<KubeClient> {
  const dials = controlPlane.flatMap(({ name, connection, nodeAddress }) =>
    connection === undefined ? [] : [() => pool.get(name, connection).dial(nodeAddress, apiPort)],
  );
  return kubeClient({ kubeconfig, dials, serverName: constantApiName });
}

/** The questions of bootstrap, asked through a client. */
export function clusterApi(client: KubeClient, signal: AbortSignal): ClusterApi {
  return {
    node: async (name) => {
      const node = await client.find<RawNode>(nodePath(name), { signal });
      return node && parseNode(node);
    },
    kubeletConfig: (name) => readKubeletConfig(client, name, signal),
    patchNode: async (name, { labels, annotations, taints, uncordon }) => {
      await client.request({
        method: "PATCH",
        path: nodePath(name),
        contentType: "application/merge-patch+json",
        body: {
          metadata: { labels, annotations },
          spec: { ...(taints && { taints }), ...(uncordon && { unschedulable: null }) },
        },
        signal,
      });
    },
    deleteNode: (name) => remove(client, nodePath(name), signal),
    mintJoinToken: (nodeName) => mintJoinToken(client, nodeName, signal),
    diagnose: (name) => diagnoseNode(client, name, signal),
  };
}

async function readKubeletConfig(
  client: KubeClient,
  name: string,
  signal: AbortSignal,
): Promise<KubeletConfig | undefined> {
  const path = `${nodePath(name)}/proxy/configz`;
  try {
    const { kubeletconfig } = await client.request<{ readonly kubeletconfig?: KubeletConfig }>({
      path,
      signal,
      timeoutMs: kubeletPatienceMs,
    });
    return kubeletconfig;
  } catch (error) {
    // The API server answered before: what is silent now is the kubelet behind it.
    if (!KeelsonError.is(error) || error.code === "KEELSON_ABORTED") throw error;
    return undefined;
  }
}

/** Revoking ignores the signal: a cancelled run must take its token back, too. */
async function mintJoinToken(
  client: KubeClient,
  nodeName: string,
  signal: AbortSignal,
): ReturnType<ClusterApi["mintJoinToken"]> {
  const id = randomBytes(3).toString("hex");
  const secret = randomBytes(8).toString("hex");
  await client.request({
    method: "POST",
    path: tokenFolder,
    body: tokenSecret(id, secret, nodeName),
    signal,
  });
  return {
    token: `${id}.${secret}`,
    revoke: () => remove(client, `${tokenFolder}/bootstrap-token-${id}`),
  };
}

async function remove(client: KubeClient, path: string, signal?: AbortSignal): Promise<void> {
  try {
    await client.request({ method: "DELETE", path, ...(signal && { signal }) });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

function tokenSecret(id: string, secret: string, nodeName: string): object {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      "token-id": id,
      "token-secret": secret,
      description: `keelson: join of ${nodeName}`,
      expiration: new Date(Date.now() + tokenLifeMs).toISOString().replace(/\.\d+Z$/, "Z"),
      "usage-bootstrap-authentication": "true",
      "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    },
  };
}
