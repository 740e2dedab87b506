import { kubeClient, type KubeClient } from "../kube/client.ts";

/**
 * Connects to a cluster that objects are delivered to, which may be one of hundreds: the few requests of a small app share
 * a connection.
 *
 * @throws what `kubeClient` throws
 */
export function connectCluster(kubeconfig: string): Promise<KubeClient> {
  return kubeClient({ kubeconfig, maxWaiting: 2 });
}
