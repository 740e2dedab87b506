import { type Problem, ProblemsError } from "../errors.ts";
import { judgeHost } from "./judge.ts";
import type { ApplyControlPlane } from "./operation.ts";
import type { HostView } from "./view.ts";

/**
 * Judges a host right before its first change: time has passed since the fleet was inspected.
 *
 * @throws ProblemsError with everything that is wrong
 */
export function judgeTarget(
  { cluster, clusterId, host, facts }: HostView,
  caSha256: string,
  more: readonly Problem[] = [],
): void {
  const problems = [...judgeHost({ cluster, clusterId, caSha256, host, facts }), ...more];
  if (problems.length > 0) throw new ProblemsError(`change ${host.name}`, problems);
}

/**
 * Whether a control plane may begin on this host. A cluster that was up before is where its etcd data is: without them
 * kubeadm would make a second, empty cluster of the same identity, while the first one may still run. Pure.
 */
export function judgeBeginning(
  { cluster, clusterId, host, facts }: HostView,
  {
    exists = false,
    allowNewCluster = false,
  }: Pick<Parameters<ApplyControlPlane>[1], "exists" | "allowNewCluster">,
): readonly Problem[] {
  if (!exists || allowNewCluster || facts.kubernetes.etcdData) return [];
  const message = `holds no etcd data, but cluster "${cluster.name}" (${clusterId}) was up before: a second, empty one would begin here`;
  return [{ code: "KEELSON_CLUSTER_MAY_EXIST", where: host.name, message }];
}
