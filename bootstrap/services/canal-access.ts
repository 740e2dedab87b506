import { calicoResources } from "./calico-resources.ts";
import { inKubeSystem } from "./object.ts";
import type { KubeObject } from "../../kube/object.ts";

const rbac = "rbac.authorization.k8s.io";

/** What flannel, the policy engine and the CNI plugin may do; they share one service account. */
export function canalAccess(name: string): readonly KubeObject[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: inKubeSystem(name) },
    { apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name }, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: "kube-system" }],
    },
  ];
}

const read = ["get", "list", "watch"];
const rules = [
  { apiGroups: [""], resources: ["nodes", "pods", "namespaces", "serviceaccounts"], verbs: read },
  { apiGroups: [""], resources: ["endpoints", "services"], verbs: read },
  { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch", "update"] },
  { apiGroups: [""], resources: ["pods/status"], verbs: ["patch"] },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: read },
  {
    apiGroups: ["policy.networking.k8s.io"],
    resources: ["adminnetworkpolicies", "baselineadminnetworkpolicies"],
    verbs: read,
  },
  { apiGroups: ["crd.projectcalico.org"], resources: calicoResources, verbs: read },
  {
    apiGroups: ["crd.projectcalico.org"],
    resources: ["clusterinformations", "felixconfigurations", "ippools", "tiers"],
    verbs: ["create", "update"],
  },
  { apiGroups: ["crd.projectcalico.org"], resources: ["caliconodestatuses"], verbs: ["update"] },
  // kubeadm's own ConfigMap is where the engine looks for the pod range.
  { apiGroups: [""], resources: ["configmaps"], verbs: ["get"] },
];
