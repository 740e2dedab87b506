import type { KubeObject } from "../../kube/object.ts";

const group = "crd.projectcalico.org";

/** Kinds of Calico's policy engine with their plurals; some exist in later versions only. */
const clusterKinds: Readonly<Record<string, string>> = {
  BGPConfiguration: "bgpconfigurations",
  BGPFilter: "bgpfilters",
  BGPPeer: "bgppeers",
  BlockAffinity: "blockaffinities",
  CalicoNodeStatus: "caliconodestatuses",
  ClusterInformation: "clusterinformations",
  FelixConfiguration: "felixconfigurations",
  GlobalNetworkPolicy: "globalnetworkpolicies",
  GlobalNetworkSet: "globalnetworksets",
  HostEndpoint: "hostendpoints",
  IPAMBlock: "ipamblocks",
  IPAMConfig: "ipamconfigs",
  IPAMHandle: "ipamhandles",
  IPPool: "ippools",
  IPReservation: "ipreservations",
  KubeControllersConfiguration: "kubecontrollersconfigurations",
  StagedGlobalNetworkPolicy: "stagedglobalnetworkpolicies",
  Tier: "tiers",
};
const namespacedKinds: Readonly<Record<string, string>> = {
  NetworkPolicy: "networkpolicies",
  NetworkSet: "networksets",
  StagedKubernetesNetworkPolicy: "stagedkubernetesnetworkpolicies",
  StagedNetworkPolicy: "stagednetworkpolicies",
};

/** The definitions that the policy engine reads. It validates their content itself, so that they are left open here. */
export function calicoResourceDefinitions(): readonly KubeObject[] {
  return [
    ...Object.entries(clusterKinds).map(([kind, plural]) => definition(kind, plural, "Cluster")),
    ...Object.entries(namespacedKinds).map(([kind, plural]) => definition(kind, plural, "Namespaced")),
  ];
}

/** All plurals, for access rules; the last two are asked for by name to find out about very old versions. */
export const calicoResources = [
  ...Object.values(clusterKinds),
  ...Object.values(namespacedKinds),
  "globalfelixconfigs",
  "globalbgpconfigs",
];

function definition(kind: string, plural: string, scope: "Cluster" | "Namespaced"): KubeObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  };
}
