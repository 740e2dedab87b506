import { kubeClient, type KubeClient } from "../kube/client.ts";

/**
 * What a dead cluster may cost before it is known to be dead, in milliseconds. It leaves room for a lost SYN, which TCP
 * sends again after a second (RFC 6298), and three round trips of half a second: TCP and TLS.
 */
const connectingMs = 3000;

/**
 * Connects to a cluster that objects are delivered to, which may be one of hundreds: the few requests of a small app share
 * a connection.
 *
 * @throws what `kubeClient` throws
 */
export function connectCluster(kubeconfig: string): Promise<KubeClient> {
  return kubeClient({ kubeconfig, maxWaiting: 2, connectingMs });
}
