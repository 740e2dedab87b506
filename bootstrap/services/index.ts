import type { Cluster } from "../../clusters/cluster.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Bundle } from "../../toolchain/bundle.ts";
import { canalObjects } from "./canal.ts";
import { coreDnsObjects } from "./coredns.ts";
import { kubeProxyObjects } from "./kube-proxy.ts";
import { serviceInputs } from "./object.ts";
import type { Service } from "./object.ts";

/** What a cluster runs for itself, in the order in which it is applied. Pure. */
export function clusterServicesOf(cluster: Cluster, bundle: Bundle): readonly Service[] {
  const inputs = serviceInputs(cluster, bundle);
  const hasNetwork = cluster.network.cni !== "none";
  return [
    ...(hasNetwork ? [service("the pod network canal", canalObjects(inputs))] : []),
    service("kube-proxy", kubeProxyObjects(inputs)),
    service("CoreDNS", coreDnsObjects(inputs), hasNetwork),
  ];
}

function service(title: string, objects: readonly KubeObject[], isGate = true): Service {
  const workloads = objects.filter(({ kind }) => kind === "DaemonSet" || kind === "Deployment");
  return { title, objects, gates: isGate ? workloads : [] };
}
