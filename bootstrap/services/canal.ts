import { sha256 } from "../view.ts";
import { calicoResourceDefinitions } from "./calico-resources.ts";
import { canalAccess } from "./canal-access.ts";
import { inKubeSystem, labelled } from "./object.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { ServiceInputs } from "./object.ts";

const name = "canal";

/** The pod network: flannel carries packets between nodes, Calico's engine enforces NetworkPolicies. */
export function canalObjects(inputs: ServiceInputs): readonly KubeObject[] {
  const data = { "net-conf.json": networkConfig(inputs), "install.sh": installScript(inputs) };
  return [
    ...calicoResourceDefinitions(),
    ...canalAccess(name),
    { apiVersion: "v1", kind: "ConfigMap", metadata: inKubeSystem(name), data },
    daemonSet(inputs, sha256(JSON.stringify(data)).slice(0, 16)),
  ];
}

function networkConfig({ cluster }: ServiceInputs): string {
  const { podCidr } = cluster.network;
  return JSON.stringify({ Network: podCidr, EnableNFTables: true, Backend: { Type: "vxlan" } });
}

/**
 * Writes the CNI configuration once flannel knows the node's subnet and packet size, which is when pods can run, and
 * keeps the plugin's token fresh.
 */
function installScript({ cluster, endpoint }: ServiceInputs): string {
  const mtu = cluster.network.mtu === undefined ? "$FLANNEL_MTU" : String(cluster.network.mtu);
  return `set -eu
account=/var/run/secrets/kubernetes.io/serviceaccount
target=/host/etc/cni/net.d
trap 'exit 0' TERM INT
until [ -s /run/flannel/subnet.env ]; do sleep 0.2; done
. /run/flannel/subnet.env
umask 077
while true; do
  cp $account/token $target/.calico-token && mv $target/.calico-token $target/calico-token
  cat >$target/.calico-kubeconfig <<END
{"apiVersion": "v1", "kind": "Config", "current-context": "calico",
 "clusters": [{"name": "calico", "cluster": {"server": "${endpoint.url}", "certificate-authority-data": "$(base64 $account/ca.crt | tr -d '\\n')"}}],
 "contexts": [{"name": "calico", "context": {"cluster": "calico", "user": "calico"}}],
 "users": [{"name": "calico", "user": {"tokenFile": "/etc/cni/net.d/calico-token"}}]}
END
  mv $target/.calico-kubeconfig $target/calico-kubeconfig
  cat >$target/.10-canal <<END
{"name": "k8s-pod-network", "cniVersion": "1.0.0", "plugins": [
  {"type": "calico", "log_level": "info", "datastore_type": "kubernetes", "nodename": "$NODE_NAME", "mtu": ${mtu},
   "ipam": {"type": "host-local", "subnet": "usePodCidr"}, "policy": {"type": "k8s"},
   "kubernetes": {"kubeconfig": "/etc/cni/net.d/calico-kubeconfig"}},
  {"type": "portmap", "snat": true, "backend": "nftables", "capabilities": {"portMappings": true}}
]}
END
  mv $target/.10-canal $target/10-canal.conflist
  sleep 600 & wait $!
done
`;
}

function daemonSet(inputs: ServiceInputs, configDigest: string): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: inKubeSystem(name, { "k8s-app": name }),
    spec: {
      selector: { matchLabels: { "k8s-app": name } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      template: labelled(
        name,
        {
          priorityClassName: "system-node-critical",
          serviceAccountName: name,
          hostNetwork: true,
          terminationGracePeriodSeconds: 5,
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [{ operator: "Exists" }],
          initContainers: [calicoStartup(inputs)],
          containers: [flannel(inputs), felix(inputs), cniConfig(inputs)],
          volumes,
        },
        { "keelson.dev/config": configDigest },
      ),
    },
  };
}

/** They reach the API by its endpoint: the pod network must not depend on kube-proxy, which starts beside it. */
function apiEnvironment({ endpoint }: ServiceInputs): readonly object[] {
  return [
    { name: "KUBERNETES_SERVICE_HOST", value: endpoint.host },
    { name: "KUBERNETES_SERVICE_PORT", value: endpoint.port },
    { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  ];
}

function flannel(inputs: ServiceInputs): object {
  const carrier = inputs.cluster.network.interface ?? "$(HOST_IP)";
  return {
    name: "flannel",
    image: inputs.bundle.images.flannel,
    imagePullPolicy: "IfNotPresent",
    command: ["/opt/bin/flanneld", "--ip-masq", "--kube-subnet-mgr", `--iface=${carrier}`],
    env: [
      ...apiEnvironment(inputs),
      { name: "HOST_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } },
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    ],
    resources: { requests: { cpu: "50m", memory: "50Mi" } },
    securityContext: { privileged: true },
    volumeMounts: [
      { name: "config", mountPath: "/etc/kube-flannel" },
      { name: "run-flannel", mountPath: "/run/flannel" },
      { name: "xtables-lock", mountPath: "/run/xtables.lock" },
      { name: "lib-modules", mountPath: "/lib/modules", readOnly: true },
    ],
  };
}

const calicoEnvironment = [
  { name: "DATASTORE_TYPE", value: "kubernetes" },
  { name: "USE_POD_CIDR", value: "true" },
  { name: "WAIT_FOR_DATASTORE", value: "true" },
  { name: "CALICO_NETWORKING_BACKEND", value: "none" },
  { name: "CALICO_DISABLE_FILE_LOGGING", value: "true" },
  { name: "NO_DEFAULT_POOLS", value: "true" },
  { name: "CLUSTER_TYPE", value: "k8s,canal" },
  { name: "IP", value: "" },
  { name: "FELIX_DEFAULTENDPOINTTOHOSTACTION", value: "ACCEPT" },
  { name: "FELIX_HEALTHENABLED", value: "true" },
  { name: "FELIX_HEALTHHOST", value: "127.0.0.1" },
  { name: "FELIX_IPTABLESBACKEND", value: "NFT" },
  { name: "FELIX_IPV6SUPPORT", value: "false" },
  { name: "FELIX_LOGFILEPATH", value: "none" },
  { name: "FELIX_LOGSEVERITYFILE", value: "none" },
  { name: "FELIX_LOGSEVERITYSYS", value: "none" },
  { name: "FELIX_LOGSEVERITYSCREEN", value: "Warning" },
  { name: "FELIX_USAGEREPORTINGENABLED", value: "false" },
  { name: "NODENAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  { name: "FELIX_FELIXHOSTNAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
];

/** Makes the engine's cluster-wide records and the node's name file. */
function calicoStartup(inputs: ServiceInputs): object {
  return { ...calicoContainer("calico-startup", inputs), command: ["calico-node", "-startup"] };
}

function felix(inputs: ServiceInputs): object {
  return {
    ...calicoContainer("felix", inputs),
    command: ["calico-node", "-felix"],
    resources: { requests: { cpu: "100m", memory: "80Mi" } },
    livenessProbe: {
      httpGet: { host: "127.0.0.1", path: "/liveness", port: 9099 },
      initialDelaySeconds: 10,
      failureThreshold: 6,
      timeoutSeconds: 10,
    },
    readinessProbe: {
      httpGet: { host: "127.0.0.1", path: "/readiness", port: 9099 },
      periodSeconds: 2,
      failureThreshold: 5,
      timeoutSeconds: 5,
    },
  };
}

function calicoContainer(containerName: string, inputs: ServiceInputs): object {
  return {
    name: containerName,
    image: inputs.bundle.images.calicoNode,
    imagePullPolicy: "IfNotPresent",
    env: [...apiEnvironment(inputs), ...calicoEnvironment],
    securityContext: { privileged: true },
    volumeMounts: [
      { name: "run-calico", mountPath: "/var/run/calico" },
      { name: "lib-calico", mountPath: "/var/lib/calico" },
      { name: "xtables-lock", mountPath: "/run/xtables.lock" },
      { name: "lib-modules", mountPath: "/lib/modules", readOnly: true },
    ],
  };
}

function cniConfig(inputs: ServiceInputs): object {
  return {
    name: "cni-config",
    image: inputs.bundle.images.flannel,
    imagePullPolicy: "IfNotPresent",
    command: ["/bin/sh", "/etc/canal/install.sh"],
    env: apiEnvironment(inputs),
    resources: { requests: { cpu: "1m", memory: "5Mi" } },
    volumeMounts: [
      { name: "config", mountPath: "/etc/canal" },
      { name: "run-flannel", mountPath: "/run/flannel", readOnly: true },
      { name: "cni-config", mountPath: "/host/etc/cni/net.d" },
    ],
  };
}

const volumes = [
  { name: "config", configMap: { name } },
  { name: "run-flannel", hostPath: { path: "/run/flannel", type: "DirectoryOrCreate" } },
  { name: "run-calico", hostPath: { path: "/var/run/calico", type: "DirectoryOrCreate" } },
  { name: "lib-calico", hostPath: { path: "/var/lib/calico", type: "DirectoryOrCreate" } },
  { name: "cni-config", hostPath: { path: "/etc/cni/net.d", type: "DirectoryOrCreate" } },
  { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
  { name: "lib-modules", hostPath: { path: "/lib/modules", type: "DirectoryOrCreate" } },
];
