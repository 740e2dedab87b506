import { command } from "../../remote/quote.ts";
import { askOwnApi } from "../facts/script.ts";
import { paths } from "../paths.ts";

/**
 * Shell lines that run beside `kubeadm join` on a control plane. Its kubelet asks the API server beside it for a certificate,
 * and to register the Node, at intervals that grow while there is none: up to 16 s. Once that server is ready, a kubelet
 * that still waits is started anew, and asks at once. The port is open before anybody answers there.
 */
export function hurryKubelet(apiPort: number): string {
  return `(until ${command`bash -c ${`: </dev/tcp/127.0.0.1/${String(apiPort)}`}`}; do sleep 0.5; done
until [ "$(${askOwnApi(5)})" = ok ]; do sleep 0.5; done
[ -e ${paths.kubeletCertificate} ] || systemctl restart kubelet.service) 2>/dev/null &`;
}
