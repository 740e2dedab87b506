import { command } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { leadTo } from "./endpoint-clients.ts";

/** Where a control plane's kubelet joins, and where it asks from then on, as URLs. */
export interface KubeletServers {
  readonly endpoint: string;
  readonly beside: string;
}

/**
 * Shell lines that run beside `kubeadm join` on a control plane. kubeadm has the kubelet ask the API server beside it for its
 * certificate, which is ready ten seconds later, or much later on a busy host; then the kubelet asks again at intervals that
 * grow up to 16 s. By the endpoint it joins at once, and the node's pods start while etcd and that server do. A kubelet that may have
 * read its file before it was changed is started anew. Its own kubeconfig is led back as soon as it has its certificate: after a power cut
 * it must not hang on an endpoint behind which etcd waits for this host.
 */
export function bootstrapThrough({ endpoint, beside }: KubeletServers): string {
  const path = paths.bootstrapKubeletConf;
  return `${command`rm -f ${path}`}
(until ${command`grep -qs token: ${path}`}; do sleep 0.2; done
${leadTo({ path, server: endpoint })}
! systemctl is-active --quiet kubelet.service || systemctl restart kubelet.service
until ${command`[ -e ${paths.kubeletCertificate} ]`}; do sleep 0.5; done
${leadTo({ path: paths.kubeletConf, server: beside })}) &`;
}

/** Shell lines that have a kubelet that joined ask the API server beside it from now on. */
export function settleKubelet({ beside }: KubeletServers): string {
  return `${leadTo({ path: paths.kubeletConf, server: beside })}
systemctl restart kubelet.service`;
}
