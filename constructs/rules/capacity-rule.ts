import { whyNowhere } from "../capacity/nowhere.ts";
import { nodesOf } from "../capacity/nodes.ts";
import { findAt } from "../core/exceptions.ts";
import type { Finding } from "../core/finding.ts";
import { profileOf } from "../core/profile.ts";
import type { Rendered } from "../core/rendered.ts";
import type { Workload } from "./workloads.ts";

/** Pods that run on none of the profile's nodes, even if they were empty. */
export function findUnfit(
  _rendered: readonly Rendered[],
  workloads: readonly Workload[],
): readonly Finding[] {
  return workloads.flatMap(({ rendered, pod, path, name }) => {
    const { nodes: pools } = profileOf(rendered.object);
    const reason = pools && whyNowhere(pod, nodesOf(pools));
    if (reason === undefined) return [];
    return [
      findAt(rendered.object, "pod-fits-nowhere", path, {
        message: `a pod of "${name}" fits on no node of the profile: ${reason}`,
        fix: "Let it ask for less, or add nodes for it to the cluster and its profile",
      }),
    ];
  });
}
