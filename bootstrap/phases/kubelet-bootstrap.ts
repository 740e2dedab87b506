import { command } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { leadTo } from "./endpoint-clients.ts";

/**
 * Shell lines that run beside `kubeadm join` on a control plane. kubeadm has the kubelet ask the API server beside it for its
 * certificate, which is ready ten seconds later, or much later on a busy host; then the kubelet asks again at intervals that
 * grow up to 16 s. By the endpoint it joins at once, and the node's pods start while etcd and that server do. A kubelet that may have
 * read its file before it was changed is started anew.
 *
 * @param server - The endpoint, as a URL.
 */
export function bootstrapThrough(server: string): string {
  const path = paths.bootstrapKubeletConf;
  return `${command`rm -f ${path}`}
(until ${command`grep -qs token: ${path}`}; do sleep 0.2; done
${leadTo({ path, server })}
! systemctl is-active --quiet kubelet.service || systemctl restart kubelet.service) &`;
}

/** Shell lines that lead a kubelet that has its certificate to the server that it shall ask from now on. */
export function settleKubelet(server: string): string {
  return `${leadTo({ path: paths.kubeletConf, server })}
systemctl restart kubelet.service`;
}
