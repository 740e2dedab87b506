import { paths } from "../paths.ts";

/**
 * A shell condition: whether the kubelet has its certificate, and so has joined. Its kubeconfig alone says nothing of that: it
 * may be written before the certificate that it names is asked for. It may also hold the certificate itself.
 */
export const hasKubeletCertificate = `{ [ -e ${paths.kubeletConf} ] && { [ -e ${paths.kubeletCertificate} ] || grep -q client-certificate-data ${paths.kubeletConf}; }; }`;
