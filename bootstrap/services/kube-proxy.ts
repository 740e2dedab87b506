import { stringify } from "yaml";
import type { KubeObject } from "../../kube/object.ts";
import { sha256 } from "../view.ts";
import { inKubeSystem, labelled } from "./object.ts";
import type { ServiceInputs } from "./object.ts";

const name = "kube-proxy";
const joinRole = "kube-proxy";

/** kube-proxy on every node, under the names that kubeadm gives it, so that kubeadm finds its configuration. */
export function kubeProxyObjects(inputs: ServiceInputs): readonly KubeObject[] {
  const config = { "config.conf": proxyConfig(inputs), "kubeconfig.conf": kubeconfig(inputs) };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: inKubeSystem(name) },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "kubeadm:node-proxier" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:node-proxier" },
      subjects: [{ kind: "ServiceAccount", name, namespace: "kube-system" }],
    },
    ...joinAccess,
    { apiVersion: "v1", kind: "ConfigMap", metadata: inKubeSystem(name, { app: name }), data: config },
    daemonSet(inputs.bundle.images.kubeProxy, sha256(JSON.stringify(config)).slice(0, 16)),
  ];
}

/** A joining kubeadm reads the configuration, too. */
const joinAccess: readonly KubeObject[] = [
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: inKubeSystem(joinRole),
    rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [name], verbs: ["get"] }],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: inKubeSystem(joinRole),
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: joinRole },
    subjects: [
      {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "Group",
        name: "system:bootstrappers:kubeadm:default-node-token",
      },
    ],
  },
];

/** The connection table is sized on each host, where it is known whether that is possible. */
function proxyConfig({ cluster }: ServiceInputs): string {
  return stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clusterCIDR: cluster.network.podCidr,
    clientConnection: { kubeconfig: "/var/lib/kube-proxy/kubeconfig.conf" },
    conntrack: { maxPerCore: 0, min: 0 },
  });
}

function kubeconfig({ endpoint }: ServiceInputs): string {
  const account = "/var/run/secrets/kubernetes.io/serviceaccount";
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "default", cluster: { "certificate-authority": `${account}/ca.crt`, server: endpoint.url } },
    ],
    contexts: [{ name: "default", context: { cluster: "default", namespace: "default", user: "default" } }],
    "current-context": "default",
    users: [{ name: "default", user: { tokenFile: `${account}/token` } }],
  });
}

function daemonSet(image: string, configDigest: string): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: inKubeSystem(name, { "k8s-app": name }),
    spec: {
      selector: { matchLabels: { "k8s-app": name } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: labelled(
        name,
        {
          priorityClassName: "system-node-critical",
          serviceAccountName: name,
          hostNetwork: true,
          nodeSelector: { "kubernetes.io/os": "linux" },
          tolerations: [{ operator: "Exists" }],
          containers: [container(image)],
          volumes: [
            { name: "kube-proxy", configMap: { name } },
            { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
            { name: "lib-modules", hostPath: { path: "/lib/modules", type: "DirectoryOrCreate" } },
          ],
        },
        { "keelson.dev/config": configDigest },
      ),
    },
  };
}

function container(image: string): object {
  return {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    command: [
      "/usr/local/bin/kube-proxy",
      "--config=/var/lib/kube-proxy/config.conf",
      "--hostname-override=$(NODE_NAME)",
    ],
    env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
    readinessProbe: { httpGet: { path: "/healthz", port: 10256 }, periodSeconds: 2, failureThreshold: 5 },
    securityContext: { privileged: true },
    volumeMounts: [
      { name: "kube-proxy", mountPath: "/var/lib/kube-proxy" },
      { name: "xtables-lock", mountPath: "/run/xtables.lock" },
      { name: "lib-modules", mountPath: "/lib/modules", readOnly: true },
    ],
  };
}
