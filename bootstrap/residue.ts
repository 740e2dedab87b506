import { unitPrefix } from "./unit.ts";
import type { HostFacts } from "../clusters/facts.ts";

/** What a cluster left on a host, from facts that were asked for traces; empty for a clean host. Pure. */
export function residue({ owner, kubernetes, running, traces }: HostFacts): readonly string[] {
  return [
    ...(owner ? [`owner token of "${owner.clusterName}"`] : []),
    ...(kubernetes.kubeletConf ? ["credentials of a kubelet"] : []),
    ...(kubernetes.etcdData ? ["etcd data"] : []),
    ...kubernetes.manifests,
    ...running.filter((unit) => unit !== `${unitPrefix}reset.service`),
    ...traces,
  ];
}
