import type { Finding, Judged } from "./judged.ts";

/** Whose host it is: a host of another cluster, or of another role, is never touched. */
export function judgeOwner(judged: Judged): Finding[] {
  const { facts, cluster, clusterId, host } = judged;
  const { owner } = facts;
  if (owner !== undefined && owner.clusterId !== clusterId) {
    return [["KEELSON_HOST_OWNED", `belongs to cluster "${owner.clusterName}" (${owner.clusterId})`]];
  }
  if (owner !== undefined && (owner.nodeName !== host.nodeName || owner.role !== host.role)) {
    const is = `${owner.role === "worker" ? "worker" : "control-plane host"} "${owner.nodeName}"`;
    return [["KEELSON_HOST_OWNED", `is the cluster's ${is} already, and must leave it first`]];
  }
  if (owner !== undefined && facts.kubernetes.kubeletConf && owner.kubernetes !== cluster.kubernetes) {
    const hop = `from ${owner.kubernetes} to ${cluster.kubernetes}`;
    return [["KEELSON_NOT_SUPPORTED", `cannot be upgraded ${hop}: this release keeps a cluster's version`]];
  }
  return judgeContent(judged, owner !== undefined);
}

function judgeContent({ facts, caSha256 }: Judged, isOurs: boolean): Finding[] {
  const held = facts.kubernetes;
  if (held.caSha256 !== undefined && caSha256 !== undefined && held.caSha256 !== caSha256) {
    return isOurs
      ? [["KEELSON_IDENTITY_MISMATCH", "holds a certificate authority that is not the cluster's"]]
      : [["KEELSON_HOST_FOREIGN_CLUSTER", "holds the certificate authority of another cluster"]];
  }
  if (isOurs) return [];
  const traces = [
    ...(held.kubeletConf ? ["a kubelet's credentials"] : []),
    ...(held.manifests.length > 0 ? ["static pods"] : []),
    ...(held.etcdData ? ["etcd data"] : []),
  ];
  if (traces.length > 0) {
    return [["KEELSON_HOST_FOREIGN_CLUSTER", `holds ${traces.join(", ")}, and no owner is noted`]];
  }
  if (facts.units["containerd.service"]?.active === true) {
    return [["KEELSON_HOST_UNSUPPORTED", "runs a containerd that keelson did not install"]];
  }
  return [];
}
