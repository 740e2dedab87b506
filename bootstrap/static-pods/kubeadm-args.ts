import { apiPortOf } from "../../clusters/endpoint.ts";
import type { ComponentKey } from "../../clusters/settings/control-plane.ts";
import { paths } from "../paths.ts";
import type { ControlPlaneView } from "../view.ts";

type Args = Readonly<Record<string, string>>;

/**
 * The flags with which kubeadm 1.35 and 1.36 run a component of this cluster on this host, unless told otherwise. That
 * they are exactly these, every new cluster shows: it has nothing left to change. Pure.
 */
export function kubeadmArgs(view: ControlPlaneView, key: ComponentKey): Args {
  return baselines[key](view);
}

const inPki = (name: string): string => `${paths.pki}/${name}`;

const baselines: Readonly<Record<ComponentKey, (view: ControlPlaneView) => Args>> = {
  apiServer: ({ host, cluster }) => ({
    "advertise-address": host.nodeAddress,
    "allow-privileged": "true",
    ...authorization(cluster.controlPlane?.apiServer?.extraArgs),
    "client-ca-file": inPki("ca.crt"),
    "enable-admission-plugins": "NodeRestriction",
    "enable-bootstrap-token-auth": "true",
    "etcd-cafile": inPki("etcd/ca.crt"),
    "etcd-certfile": inPki("apiserver-etcd-client.crt"),
    "etcd-keyfile": inPki("apiserver-etcd-client.key"),
    "etcd-servers": "https://127.0.0.1:2379",
    "kubelet-client-certificate": inPki("apiserver-kubelet-client.crt"),
    "kubelet-client-key": inPki("apiserver-kubelet-client.key"),
    "kubelet-preferred-address-types": "InternalIP,ExternalIP,Hostname",
    "proxy-client-cert-file": inPki("front-proxy-client.crt"),
    "proxy-client-key-file": inPki("front-proxy-client.key"),
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-client-ca-file": inPki("front-proxy-ca.crt"),
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-username-headers": "X-Remote-User",
    "secure-port": String(apiPortOf(cluster.endpoint)),
    "service-account-issuer": `https://kubernetes.default.svc.${cluster.network.dnsDomain}`,
    "service-account-key-file": inPki("sa.pub"),
    "service-account-signing-key-file": inPki("sa.key"),
    "service-cluster-ip-range": cluster.network.serviceCidr,
    "tls-cert-file": inPki("apiserver.crt"),
    "tls-private-key-file": inPki("apiserver.key"),
  }),
  controllerManager: ({ cluster }) => ({
    ...kubeconfig("controller-manager"),
    "allocate-node-cidrs": "true",
    "client-ca-file": inPki("ca.crt"),
    "cluster-cidr": cluster.network.podCidr,
    "cluster-name": cluster.name,
    "cluster-signing-cert-file": inPki("ca.crt"),
    "cluster-signing-key-file": inPki("ca.key"),
    controllers: "*,bootstrapsigner,tokencleaner",
    "requestheader-client-ca-file": inPki("front-proxy-ca.crt"),
    "root-ca-file": inPki("ca.crt"),
    "service-account-private-key-file": inPki("sa.key"),
    "service-cluster-ip-range": cluster.network.serviceCidr,
    "use-service-account-credentials": "true",
  }),
  scheduler: () => kubeconfig("scheduler"),
};

/** A structured configuration takes the place of modes. */
function authorization(extra: Readonly<Record<string, unknown>> = {}): Args {
  return "authorization-config" in extra ? {} : { "authorization-mode": "Node,RBAC" };
}

function kubeconfig(name: string): Args {
  const file = `${paths.kubernetes}/${name}.conf`;
  return {
    "authentication-kubeconfig": file,
    "authorization-kubeconfig": file,
    "bind-address": "127.0.0.1",
    kubeconfig: file,
    "leader-elect": "true",
  };
}
